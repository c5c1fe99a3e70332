import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gitFailure } from './failure.ts';
import { tryGit } from './process.ts';

/** The exit code of `git merge-file` is the number of conflicts, up to this; a higher one is an error. */
const MOST_CONFLICTS = 127;

/**
 * Merges two changes of one text as git does; null if both changed the same lines, and for binary files.
 *
 * @throws GreenroomError `failed` if git cannot merge it
 */
export async function mergeTexts(base: string, ours: string, theirs: string): Promise<string | null> {
  if ([base, ours, theirs].some((text) => text.includes('\0'))) return null;
  const folder = await mkdtemp(join(tmpdir(), 'greenroom-merge-'));
  try {
    const texts = { ours, base, theirs };
    const files = Object.keys(texts).map((name) => join(folder, name));
    await Promise.all(Object.values(texts).map((text, i) => writeFile(files[i]!, text)));
    const { code, stdout, stderr } = await tryGit({}, ['merge-file', '--stdout', '--quiet', ...files]);
    if (code > MOST_CONFLICTS) throw gitFailure('merging two texts', stderr);
    return code === 0 ? stdout : null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
