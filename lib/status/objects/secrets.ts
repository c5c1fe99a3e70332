import { conditionOf, type EventLike, type KubeLike, type ObjectFinding } from './types.ts';

/** An entry of an ExternalSecret, which refers to the store. */
interface EntryLike {
  readonly remoteRef?: { readonly key?: unknown; readonly property?: unknown };
}

/**
 * Finds the reference that the store cannot resolve. The operator stops at the first one and names it only in an event.
 * If the event is gone, the reference is known only if there is a single one.
 *
 * Source: External Secrets Operator, `error processing spec.data[%d] (key: %s), err: %w`
 *
 * @param secret an ExternalSecret that is not ready; undefined if there is none
 */
export function secretFinding(secret: KubeLike | undefined, events: readonly EventLike[]): ObjectFinding | null {
  if (secret === undefined) return null;
  const data = secret.spec?.['data'];
  const entries: readonly EntryLike[] = Array.isArray(data) ? data : [];
  const own = events
    .filter(({ involvedObject: about }) => about?.kind === 'ExternalSecret' && about.name === secret.metadata?.name)
    .sort((a, b) => (b.lastTimestamp ?? '').localeCompare(a.lastTimestamp ?? ''));
  const told = own.find(({ message = '' }) => entryOf(message, entries) !== undefined);
  const entry = told === undefined ? (entries.length === 1 ? entries[0] : undefined) : entryOf(told.message!, entries);
  const name = referenceOf(entry);
  const words = told?.message ?? conditionOf(secret, 'Ready')?.message;
  return { condition: 'not-working', reason: 'secret-missing', facts: name === undefined ? {} : { name }, words };
}

/** The entry that an event is about, if it still has the same index: events stay after a change. */
function entryOf(message: string, entries: readonly EntryLike[]): EntryLike | undefined {
  const [, index, key] = /spec\.data\[(\d{1,4})\] \(key: ([^)]{1,300})\)/.exec(message) ?? [];
  const entry = index === undefined ? undefined : entries[Number(index)];
  return entry?.remoteRef?.key === key ? entry : undefined;
}

/** The reference in the format of preview.yaml. */
function referenceOf(entry: EntryLike | undefined): string | undefined {
  const { key, property } = entry?.remoteRef ?? {};
  if (typeof key !== 'string') return undefined;
  return typeof property === 'string' ? `${key}#${property}` : key;
}
