import { GreenroomError } from '../../core/errors.ts';
import type { ForgeKind } from './forge-kind.ts';
import { github } from './github.ts';
import type { Io } from './io.ts';

/** All forges, by their names in GREENROOM_FORGE. */
const KINDS: Readonly<Record<string, ForgeKind>> = { github };

/**
 * The forge in GREENROOM_FORGE; by default GitHub. `--forge DIR` uses a local folder instead of the forge's pull
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
