import { RELEASE_CONTAINER } from '../constructs/preview-app/pod.ts';
import type { Position } from '../core/errors.ts';
import type { Loaded } from '../model/load.ts';
import type { Preview } from '../model/preview.ts';
import type { ResolvedApp } from './resolve.ts';

type Path = readonly (string | number)[];

/** The maker's file and its apps. */
export interface MakerSource {
  readonly preview: Loaded<Preview>;
  readonly apps: readonly ResolvedApp[];
}

/** The setting of the maker that controls each part of a generated object. The first match wins. */
const ORIGINS: readonly { readonly field: RegExp; readonly setting: keyof ResolvedApp['spec'] }[] = [
  { field: /(^|\.)image$|imagePull/, setting: 'image' },
  { field: /(^|\.)(resources|limits|requests)(\.|$|\[)/, setting: 'size' },
  { field: /(^|\.)(ports|containerPort|targetPort|hostPort)(\.|$|\[)/, setting: 'port' },
  { field: /(liveness|readiness|startup)Probe/, setting: 'health' },
  { field: /(^|\.)command(\.|$|\[)/, setting: 'command' },
  { field: /(^|\.)args(\.|$|\[)/, setting: 'args' },
  { field: /(^|\.)runAsUser$/, setting: 'user' },
  { field: /(^|\.)(volumes|volumeMounts)(\.|$|\[)/, setting: 'writable' },
];

/**
 * The position in the maker's `preview.yaml` that caused a field of a generated object; `template` if nothing more
 * specific did.
 */
export function originOf({ preview, apps }: MakerSource, object: unknown, field: string): Position {
  const name = (object as { metadata?: { name?: unknown } }).metadata?.name;
  const { at, spec } = apps.find((app) => app.name === name) ?? apps[0]!;
  const path = environmentPath(spec, object, field) ??
    wordPath({ spec, object, field }) ??
    settingPath(field) ?? ['template'];
  return preview.positions.of([...at, ...path]);
}

function settingPath(field: string): Path | undefined {
  const origin = ORIGINS.find((candidate) => candidate.field.test(field));
  return origin && [origin.setting];
}

/** `…containers[0].command[2]` is that item of the app's command, of its release step, or of a resource's seed. */
function wordPath({
  spec,
  object,
  field,
}: {
  spec: ResolvedApp['spec'];
  object: unknown;
  field: string;
}): Path | undefined {
  const match = /^(.*\b(containers|initContainers)\[\d+\])\.(command|args)(?:\[(\d+)\])?/.exec(field);
  if (match === null) return undefined;
  const [, container, list, part, index] = match;
  const name = (valueAt(object, container!) as { name?: unknown } | undefined)?.name;
  const seeded = typeof name === 'string' && name.startsWith('seed-') ? name.slice('seed-'.length) : undefined;
  const written = part === 'args' && spec.args !== undefined ? 'args' : 'command';
  if (seeded === undefined && list === 'initContainers' && name !== RELEASE_CONTAINER) return undefined;
  const step = list === 'initContainers' ? 'release' : written;
  const own = seeded === undefined ? [step] : ['resources', seeded, 'seed'];
  return index === undefined ? own : [...own, Number(index)];
}

/** `…containers[0].env[2].value` is the variable at that index, found by its name. */
function environmentPath(spec: ResolvedApp['spec'], object: unknown, field: string): Path | undefined {
  const match = /^(.*\benv\[\d+\])/.exec(field);
  if (match) {
    const name = (valueAt(object, match[1]!) as { name?: unknown } | undefined)?.name;
    if (typeof name !== 'string') return undefined;
    const group = Object.hasOwn(spec.secrets, name) ? 'secrets' : 'env';
    return Object.hasOwn(spec[group], name) ? [group, name] : undefined;
  }
  const kind = (object as { kind?: unknown }).kind;
  return kind === 'ExternalSecret' ? ['secrets'] : undefined;
}

function valueAt(object: unknown, field: string): unknown {
  let value = object;
  for (const part of field.match(/[^.[\]]+/g) ?? []) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}
