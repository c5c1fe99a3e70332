import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';

/** What a maker should know before they rely on the preview, one sentence each. */
export function notesOf({ spec }: Preview, { egress }: Pick<PlatformSpec, 'egress'>): string[] {
  const names = Object.keys(spec.resources);
  return [
    ...(names.length === 0
      ? []
      : [
          `${list(names)} ${names.length === 1 ? 'begins' : 'begin'} empty with every push: what was stored is thrown away.`,
        ]),
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
