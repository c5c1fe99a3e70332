import { resolve } from 'node:path';
import { GreenroomError, invalidInput } from '../../core/errors.ts';
import { tryGit } from '../../core/git/process.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import { type Forge, isFork, type PullRequest } from '../../forge/forge.ts';
import { previewName } from '../../model/identity.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { openForge } from '../shared/clients.ts';
import type { Io } from '../shared/io.ts';
import { repositoryAt } from '../shared/stand-in.ts';

export interface TargetOptions {
  repo?: RepositoryRef;
  pr?: number;
  repoId?: number;
  forge?: string;
}

/**
 * Name of the preview, which is also its namespace, for which values are sealed: of the named pull request, or of the
 * one from the current branch, which is looked up on the forge. The forge is also asked if the name depends on the
 * repository's numeric id.
 *
 * @throws GreenroomError `invalid-input` if there is no such pull request, or it comes from a fork
 */
export async function targetOf(options: TargetOptions, platform: PlatformSpec, io: Io): Promise<string> {
  const path = options.repo?.path ?? (await repositoryAt({}, '.', io));
  if (path === null) {
    throw new GreenroomError(
      'invalid-input',
      'the repository is unknown, since there is no Git remote; give --repo OWNER/NAME',
    );
  }
  const named = (repositoryId: number, number: number) => {
    const { owner, name } = namesOf({ path });
    return previewName({ repositoryId, owner, repository: name, number }, platform.sources[0]!.owner).name;
  };
  const { pr, repoId } = options;
  if (pr !== undefined) {
    const name = named(repoId ?? 1, pr);
    if (repoId !== undefined || name === named(2, pr)) return name;
  }
  const forge = await openForge(options, io);
  try {
    const pull = pr === undefined ? await pullOfBranch(forge, { path }, io) : await numbered(forge, { path }, pr);
    if (isFork(pull)) {
      throw new GreenroomError(
        'invalid-input',
        `${path}#${pull.number} comes from a fork: forks get no secrets, since anybody could read them there`,
      );
    }
    return named(pull.repository.id, pull.number);
  } finally {
    await forge.close();
  }
}

async function numbered(forge: Forge, repository: RepositoryRef, number: number): Promise<PullRequest> {
  const found = await forge.pullRequest(repository, number);
  if (found.status === 'found') return found.value;
  throw new GreenroomError('unreachable', `${found.reason}; with --repo-id the forge is not needed`);
}

async function pullOfBranch(forge: Forge, { path }: RepositoryRef, io: Io): Promise<PullRequest> {
  const branch = await currentBranch(io);
  const { owner, name } = namesOf({ path });
  const found: PullRequest[] = [];
  for await (const listed of forge.openPullRequests(owner, [name])) {
    if (!listed.complete) throw new GreenroomError('unreachable', `${path}: ${listed.reason}; give --pr N`);
    found.push(...listed.pulls.filter((pull) => pull.head.ref === branch && !isFork(pull)));
  }
  const [only, another] = found;
  if (only !== undefined && another === undefined) return only;
  const what =
    only === undefined
      ? `no open pull request of ${path} is from the branch ${branch}: open it first, or give --pr N`
      : `${found.length} open pull requests of ${path} are from the branch ${branch}: give --pr ${found.map(({ number }) => number).join(' or ')}`;
  throw invalidInput([{ message: what }]);
}

async function currentBranch(io: Io): Promise<string> {
  const { code, stdout } = await tryGit({ env: { ...io.env } }, [
    '-C',
    resolve(io.cwd),
    'symbolic-ref',
    '--quiet',
    '--short',
    'HEAD',
  ]).catch(() => ({ code: 1, stdout: '' }));
  if (code === 0) return stdout.trim();
  throw new GreenroomError('invalid-input', 'this folder is on no branch of a Git repository; give --pr N');
}
