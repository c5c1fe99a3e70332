import { GreenroomError } from '../../core/errors.ts';
import type { FileSet } from '../../core/fileset.ts';
import { openAppsRepo } from './clients.ts';
import type { Io } from './io.ts';

interface LayDownOptions {
  /** OWNER/NAME, an address, or a bare repository. */
  readonly appsRepo: string;
  readonly branch?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

/**
 * Commits all files of a new apps repo to an empty repository. If an earlier run stopped halfway, the missing files are
 * added; if all files are there, nothing is done.
 *
 * @returns the paths that were missing, and a description of the repository
 * @throws GreenroomError `invalid-input` if the repository contains anything else; then nothing is written
 */
export async function layDown(
  wanted: FileSet,
  options: LayDownOptions,
  io: Io,
): Promise<{ readonly missing: readonly string[]; readonly description: string }> {
  const repo = await openAppsRepo(options, io);
  try {
    const { description } = repo;
    const { head, files } = await repo.read([...wanted.keys()]);
    const isOurs = files.size > 0 && [...files].every(([path, text]) => wanted.get(path) === text);
    if (head !== null && !isOurs) {
      throw new GreenroomError(
        'invalid-input',
        `${description} is not empty: clone it and run \`greenroom init\` in its folder, which does not change other files`,
      );
    }
    const change = new Map([...wanted].filter(([path]) => !files.has(path)));
    if (change.size > 0 && options.dryRun !== true) {
      const result = await repo.commit({ expectedHead: head, change, message: 'Create the apps repo\n' });
      if (result.status === 'conflict') {
        throw new GreenroomError('unreachable', `${description} was committed to at the same time; run again`);
      }
    }
    return { missing: [...change.keys()], description };
  } finally {
    await repo.close();
  }
}
