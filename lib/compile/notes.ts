import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';

/** What a maker should know before they rely on the preview, one sentence each. */
export function notesOf({ spec }: Preview, { egress, services }: Pick<PlatformSpec, 'egress' | 'services'>): string[] {
  const lasts = (name: string) => services[spec.resources[name]!.type]?.class !== undefined;
  const names = Object.keys(spec.resources);
  const [kept, emptied] = [names.filter(lasts), names.filter((name) => !lasts(name))];
  const say = (some: readonly string[], one: string, many: string) =>
    some.length === 0 ? [] : [`${list(some)} ${some.length === 1 ? one : many}.`];
  return [
    ...say(
      emptied,
      'begins empty with every push: what was stored is thrown away',
      'begin empty with every push: what was stored is thrown away',
    ),
    ...say(
      kept,
      'keeps its data from push to push, and is thrown away with the preview',
      'keep their data from push to push, and are thrown away with the preview',
    ),
    ...(egress.length === 0 ? [] : [`It can reach ${list(egress.map(addresses))}.`]),
  ];
}

/** Maximum number of listed items. greenroom.yaml has the rest. */
const SHOWN = 5;

function list(items: readonly string[]): string {
  const shown = items.length > SHOWN ? [...items.slice(0, SHOWN), `${items.length - SHOWN} more`] : items;
  return shown.length === 1 ? shown[0]! : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

function addresses({ cidr, ports }: PlatformSpec['egress'][number]): string {
  const where = cidr === '0.0.0.0/0' ? 'the internet' : cidr;
  if (ports === undefined) return where;
  return `${where} on port${ports.length === 1 ? '' : 's'} ${list(ports.map(String))}`;
}
