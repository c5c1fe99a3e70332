import type { Position } from '../core/errors.ts';
import type { Loaded } from '../model/load.ts';
import type { Preview } from '../model/preview.ts';

type Path = readonly (string | number)[];

/** Where the maker decides each part of a generated object; the first line that fits wins. */
const ORIGINS: readonly { readonly field: RegExp; readonly path: readonly string[] }[] = [
  { field: /(^|\.)image$|imagePull/, path: ['spec', 'image'] },
  { field: /(^|\.)(resources|limits|requests)(\.|$|\[)/, path: ['spec', 'size'] },
  { field: /(^|\.)(ports|containerPort|targetPort|hostPort)(\.|$|\[)/, path: ['spec', 'port'] },
  { field: /(liveness|readiness|startup)Probe/, path: ['spec', 'health'] },
];

/**
 * The place in the maker's `preview.yaml` that caused a field of a generated object; the template where nothing
 * nearer did.
 */
export function originOf(preview: Loaded<Preview>, object: unknown, field: string): Position {
  const path = environmentPath(preview.value, object, field) ?? ORIGINS.find((o) => o.field.test(field))?.path;
  return preview.positions.of(path ?? ['spec', 'template']);
}

/** `…containers[0].env[2].value` is the variable of that index, by its name. */
function environmentPath(preview: Preview, object: unknown, field: string): Path | undefined {
  const match = /^(.*\benv\[\d+\])/.exec(field);
  if (match) {
    const name = (valueAt(object, match[1]!) as { name?: unknown } | undefined)?.name;
    if (typeof name !== 'string') return undefined;
    const group = Object.hasOwn(preview.spec.secrets, name) ? 'secrets' : 'env';
    return Object.hasOwn(preview.spec[group], name) ? ['spec', group, name] : undefined;
  }
  const kind = (object as { kind?: unknown }).kind;
  return kind === 'ExternalSecret' ? ['spec', 'secrets'] : undefined;
}

function valueAt(object: unknown, field: string): unknown {
  let value = object;
  for (const part of field.match(/[^.[\]]+/g) ?? []) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}
