import { isLabelValue, isMetadataKey } from '../constructs/metadata.ts';
import { isRecord, valueAt } from '../core/json.ts';
import type { FieldPath } from '../model/load.ts';
import { MAX_LABEL } from '../model/scalars.ts';
import { podPath } from '../policies/paths.ts';

/** Name, labels and annotations that an API server would refuse, after placeholders are filled in. */
export function metadataProblems(object: Readonly<Record<string, unknown>>): { path: FieldPath; message: string }[] {
  const pod = podPath(object);
  const places = [[], ...(pod.length === 0 ? [] : [pod])];
  return [
    ...serviceName(object),
    ...places.flatMap((place) => [
      ...mapProblems(object, [...place, 'metadata', 'labels'], 'label'),
      ...mapProblems(object, [...place, 'metadata', 'annotations'], 'annotation'),
    ]),
  ];
}

function serviceName({ apiVersion, kind, metadata }: Readonly<Record<string, unknown>>) {
  const name = isRecord(metadata) ? metadata['name'] : undefined;
  if (apiVersion !== 'v1' || kind !== 'Service' || typeof name !== 'string') return [];
  if (name.length <= MAX_LABEL && /^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)) return [];
  const message = `must be at most ${MAX_LABEL} lower-case letters, digits and dashes, and start with a letter; found ${name}`;
  return [{ path: ['metadata', 'name'], message }];
}

function mapProblems(object: unknown, path: readonly string[], what: 'label' | 'annotation') {
  const map = valueAt(object, path);
  if (!isRecord(map)) return [];
  return Object.entries(map).flatMap(([key, value]) => {
    const message = isMetadataKey(key)
      ? valueProblem(value, what)
      : `is not a key of ${what}s, such as example.com/team`;
    return message === undefined ? [] : [{ path: [...path, key], message }];
  });
}

/** The message does not repeat the value: an annotation may contain anything. */
function valueProblem(value: unknown, what: 'label' | 'annotation'): string | undefined {
  if (value === null) return undefined;
  if (typeof value !== 'string') return 'must be text; put it in quotes';
  if (what === 'annotation' || isLabelValue(value)) return undefined;
  return 'must be at most 63 letters, digits, dashes, underscores and dots, as the value of a label; use an annotation for others';
}
