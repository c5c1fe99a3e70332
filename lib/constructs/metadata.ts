import { compareStrings } from '../core/fileset.ts';
import type { StringMap } from '../model/kube-object.ts';
import type { Checks } from './checks.ts';

export type { StringMap };

/** Entries sorted by key, so that the order in the input does not affect the output. */
export function sortedEntries<T>(map: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(map).sort(([a], [b]) => compareStrings(a, b));
}

const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/;
const KEY_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const KEY_PREFIX = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** Whether `key` is a label or annotation key: a name of at most 63 characters, with or without a DNS prefix. */
export function isMetadataKey(key: string): boolean {
  const slash = key.indexOf('/');
  const [prefix, name] = slash < 0 ? ['x', key] : [key.slice(0, slash), key.slice(slash + 1)];
  return prefix.length <= 253 && name.length <= 63 && KEY_PREFIX.test(prefix) && KEY_NAME.test(name);
}

/** Whether `value` can be a label's value: at most 63 letters, digits, `-`, `_` and `.`. */
export function isLabelValue(value: string): boolean {
  return value.length <= 63 && LABEL_VALUE.test(value);
}

/** Checks the syntax of the caller's labels, and that they do not replace those of the construct. */
export function checkLabels(checks: Checks, field: string, labels: StringMap, own: StringMap): void {
  for (const [key, value] of Object.entries(labels)) {
    checks.that(isMetadataKey(key), `${field}[${key}]`, 'is not a label key');
    checks.that(isLabelValue(value), `${field}[${key}]`, `is not a label value; found ${JSON.stringify(value)}`);
    checks.that(!Object.hasOwn(own, key), `${field}[${key}]`, 'is set by the construct');
  }
}

/** Checks the syntax of the caller's annotations, and that they do not replace those of the construct. */
export function checkAnnotations(checks: Checks, field: string, annotations: StringMap, own: StringMap): void {
  for (const key of Object.keys(annotations)) {
    checks.that(isMetadataKey(key), `${field}[${key}]`, 'is not an annotation key');
    checks.that(!Object.hasOwn(own, key), `${field}[${key}]`, 'is set by the construct');
  }
}
