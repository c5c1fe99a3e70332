import { isRecord } from '../core/json.ts';

/** One change of an object: sets the value at a path, or removes the member if there is no value. */
export interface Edit {
  /** Keys and indexes from the object's root. Missing maps on the way are created. */
  readonly path: readonly (string | number)[];
  /** Plain JSON. @default - the member is removed */
  readonly value?: unknown;
}

/**
 * A copy of an object with all edits applied. The original is unchanged. An edit that cannot be applied changes
 * nothing.
 */
export function applyEdits(object: unknown, edits: readonly Edit[]): unknown {
  return edits.reduce((value, { path, value: next }) => applyEdit(value, path, next), object);
}

function applyEdit(target: unknown, path: Edit['path'], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (typeof key === 'number') {
    if (!Array.isArray(target) || key >= target.length) return target;
    return target.with(key, applyEdit(target[key], rest, value));
  }
  if (target !== undefined && !isRecord(target)) return target;
  const before = target !== undefined && Object.hasOwn(target, key) ? target[key] : undefined;
  const after = applyEdit(before, rest, value);
  if (after === before) return target;
  if (after !== undefined) return { ...target, [key]: after };
  const { [key]: _gone, ...others } = target ?? {};
  return others;
}
