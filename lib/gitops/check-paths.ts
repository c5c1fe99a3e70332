import { GreenroomError } from '../core/errors.ts';
import type { ChangeSet } from '../core/fileset.ts';
import { isSafePath } from '../core/path.ts';

/**
 * What is written must be safe. What is removed is there already, whoever pushed it.
 *
 * @throws GreenroomError `failed` that names every unsafe path
 */
export function checkPaths(change: ChangeSet): void {
  if (change.size === 0) throw new Error('a change without a path');
  const bad = [...change].flatMap(([path, content]) => (content === null || isSafePath(path) ? [] : [path]));
  if (bad.length === 0) return;
  throw new GreenroomError('failed', 'the change contains unsafe paths; nothing was changed', {
    problems: bad.map((path) => ({ message: `unsafe path: ${JSON.stringify(path)}` })),
  });
}
