/** A copy with annotations added to the metadata at a path inside the object, such as its pod template. */
export function annotated<T>(value: T, path: readonly string[], added: Readonly<Record<string, string>>): T {
  const record = value as Record<string, unknown>;
  const [key, ...rest] = path;
  if (key !== undefined) return { ...record, [key]: annotated(record[key], rest, added) } as T;
  const metadata = (record['metadata'] ?? {}) as Record<string, unknown>;
  const annotations = { ...(metadata['annotations'] as Record<string, string> | undefined), ...added };
  return { ...record, metadata: { ...metadata, annotations } } as T;
}
