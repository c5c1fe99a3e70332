export type JsonRecord = Readonly<Record<string, unknown>>;

/** Whether a value is an object, and not an array or null. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own member of an object; undefined for anything else. */
export function member(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string | number, unknown>)[key]
    : undefined;
}

/** The value at a path; undefined if the path does not exist. Data of any shape may be read so. */
export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce(member, value);
}

/** The same with the keys one by one. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return valueAt(value, path);
}

/** The object at a path; an empty one for anything else. */
export function recordAt(value: unknown, path: readonly (string | number)[]): JsonRecord {
  const found = valueAt(value, path);
  return isRecord(found) ? found : {};
}
