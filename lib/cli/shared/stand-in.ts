import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { tryGit } from '../../core/git/process.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import { repositoryOf } from '../../gitops/url.ts';
import { type Identity, previewName } from '../../model/identity.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import type { Io } from './io.ts';
import { numberArgument, repositoryArgument, shaArgument } from './options.ts';

export interface StandInOptions {
  repo?: RepositoryRef;
  pr?: number;
  repoId?: number;
  sha?: string;
  label: string[];
}

/** Options for the pull request under which a file is compiled; all are optional. */
export function standInOptions(command: Command): Command {
  return command
    .option(
      '--repo <owner/name>',
      'repository of the pull request; default: that of the Git remote',
      repositoryArgument,
    )
    .option('--pr <number>', 'number of the pull request; default: 1', numberArgument)
    .option('--sha <sha>', 'head commit; default: 40 zeros', shaArgument)
    .option(
      '--label <label>',
      'a label of the pull request; can be repeated',
      (label, all: string[]) => [...all, label],
      [],
    );
}

export interface StandIn {
  readonly identity: Identity;
  /**
   * Whether the repository was given or is from the Git remote. A made-up one tells nothing about secret references.
   */
  readonly isKnown: boolean;
}

/**
 * The identity under which a file is compiled: the given repository, else that of the Git remote, else a made-up one of
 * the platform's first owner.
 *
 * @param folder of the file
 */
export async function standIn(
  { repo, pr = 1, repoId = 1 }: StandInOptions,
  folder: string,
  platform: PlatformSpec,
  io: Io,
): Promise<StandIn> {
  const known = repo ?? (await remoteOf(resolve(io.cwd, folder), io));
  const madeUp = { owner: platform.sources[0]!.owner, name: madeUpName(resolve(io.cwd, folder)) };
  const { owner, name } = known === undefined ? madeUp : namesOf(known);
  return { identity: { repositoryId: repoId, owner, repository: name, number: pr }, isKnown: known !== undefined };
}

/** `owner/name` of the files' repository, given or from the Git remote; null if not known. */
export async function repositoryAt(
  { repo }: Pick<StandInOptions, 'repo'>,
  folder: string,
  io: Io,
): Promise<string | null> {
  const known = repo ?? (await remoteOf(resolve(io.cwd, folder), io));
  return known?.path ?? null;
}

/**
 * Name of the preview for checking manifests, if both repository and pull request are given: then no other preview can
 * be meant.
 */
export function previewAt({ repo, pr, repoId = 1 }: StandInOptions, platform: PlatformSpec | null): string | undefined {
  if (repo === undefined || pr === undefined) return undefined;
  const { owner, name } = namesOf(repo);
  const identity = { repositoryId: repoId, owner, repository: name, number: pr };
  return previewName(identity, platform?.sources[0]?.owner ?? owner).name;
}

async function remoteOf(folder: string, io: Io): Promise<RepositoryRef | undefined> {
  const { code, stdout } = await tryGit({ env: { ...io.env } }, ['-C', folder, 'remote', 'get-url', 'origin']).catch(
    () => ({ code: 1, stdout: '' }),
  );
  return code === 0 ? repositoryOf(stdout.trim()) : undefined;
}

function madeUpName(folder: string): string {
  return (
    basename(folder)
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^\.+/, '')
      .slice(0, 100) || 'app'
  );
}
