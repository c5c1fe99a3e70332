import { GreenroomError } from '../../core/errors.ts';
import type { ForgeKind } from './forge-kind.ts';
import { github } from './github.ts';
import type { Io } from './io.ts';

/** Every forge there is, by the name that GREENROOM_FORGE takes. */
const KINDS: Readonly<Record<string, ForgeKind>> = { github };

/**
 * The forge that GREENROOM_FORGE names; without it, GitHub. `--forge DIR` puts a folder in the place of its pull
 * requests.
 *
 * @throws GreenroomError `invalid-input` for an unknown name
 */
export function forgeKind({ GREENROOM_FORGE: name }: Io['env']): ForgeKind {
  const kind = Object.hasOwn(KINDS, name || 'github') ? KINDS[name || 'github'] : undefined;
  if (kind !== undefined) return kind;
  const names = Object.keys(KINDS).join(', ');
  throw new GreenroomError('invalid-input', `GREENROOM_FORGE must be one of: ${names}; found ${JSON.stringify(name)}`);
}
