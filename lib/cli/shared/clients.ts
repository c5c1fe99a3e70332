import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import type { ImageRegistry } from '../../evidence/registry.ts';
import type { Forge } from '../../forge/forge.ts';
import type { Cache } from '../../github/http/cache.ts';
import type { GitHubClient } from '../../github/http/client.ts';
import type { AppsRepo } from '../../gitops/apps-repo.ts';
import { isRemote, parseRemote } from '../../gitops/url.ts';
import type { SyncContext } from '../../sync/plan/base.ts';
import { type ExtensionOptions, extensionOption, loadExtensions } from './extensions.ts';
import type { Io } from './io.ts';
import { type Format, formatOption } from './options.ts';
import { sayWaits } from './waits.ts';

export interface ClientOptions extends ExtensionOptions {
  appsRepo: string;
  branch?: string;
  forge?: string;
  cache?: string;
  dryRun?: boolean;
  format: Format;
}

/** Options of every command that works on an apps repo and a forge. */
export function clientOptions(command: Command): Command {
  return extensionOption(formatOption(command))
    .requiredOption('--apps-repo <where>', 'a bare repository (path), an address that git can push to, or OWNER/NAME')
    .option('--branch <name>', "branch of the apps repo; default: the repository's own")
    .option('--forge <dir>', 'a local forge instead of GitHub')
    .option('--cache <dir>', 'what GitHub need not be asked again in the next run; may be lost at any time')
    .option('--dry-run', 'print the plan, write nothing');
}

/** Opens both sides for one piece of work, hands them over, and closes them whatever happens. */
export type WithContext = <T>(work: (context: SyncContext) => Promise<T>) => Promise<T>;

/** Opens both sides, hands them to `work`, and closes them whatever happens. */
export async function withClients<T>(
  options: ClientOptions,
  io: Io,
  work: (context: SyncContext) => Promise<T>,
): Promise<T> {
  return (await openClients(options, io))(work);
}

/** For many pieces of work, also side by side: what has to outlive one (GitHub's limits, tokens) is shared by all. */
export async function openClients(options: ClientOptions, io: Io, onWait = sayWaits(io)): Promise<WithContext> {
  const extensions = await loadExtensions(options, io);
  const github = gitHub(options, io, onWait);
  const images = imageRegistry(io);
  return async (work) => {
    const forge = await openForge(options, io, github);
    try {
      const repo = await openAppsRepo(options, io, github);
      try {
        return await work({ repo, forge, images, clock: systemClock, ...extensions });
      } finally {
        await repo.close();
      }
    } finally {
      await forge.close();
    }
  };
}

/** Loaded when the first image is looked up: most platforms ask no evidence. */
export function imageRegistry(io: Io): ImageRegistry {
  let opened: Promise<ImageRegistry> | undefined;
  const open = async () => {
    const [{ OciRegistry }, { dockerCredentials }] = await Promise.all([
      import('../../evidence/oci-registry.ts'),
      import('../../evidence/credentials.ts'),
    ]);
    return new OciRegistry({ credentials: await dockerCredentials(io.env) });
  };
  return {
    resolve: async (image) => {
      opened ??= open();
      return (await opened).resolve(image);
    },
  };
}

interface GitHub {
  readonly client: GitHubClient;
  readonly cache: Cache;
}

/** One for both sides and for all that is done, so that tokens, limits and what was seen are shared; opened when asked for. */
function gitHub({ cache }: Pick<ClientOptions, 'cache'>, io: Io, onWait = sayWaits(io)): () => Promise<GitHub> {
  const open = async () => {
    const [{ openGitHub }, { FolderCache, ProcessCache }] = await Promise.all([
      import('../../github/http/open.ts'),
      import('../../github/http/cache.ts'),
    ]);
    const client = openGitHub(io.env, { onWait });
    const store =
      cache === undefined ? new ProcessCache() : await FolderCache.open(resolve(io.cwd, cache), systemClock);
    return { client, cache: store };
  };
  let opened: Promise<GitHub> | undefined;
  return () => {
    opened ??= open();
    return opened;
  };
}

export async function openForge(
  options: Pick<ClientOptions, 'forge' | 'cache'>,
  io: Io,
  github: () => Promise<GitHub> = gitHub(options, io),
): Promise<Forge> {
  if (options.forge !== undefined) {
    const { LocalForge } = await import('../../forge/local.ts');
    refuseMissingFolder('--forge', options.forge, io);
    return new LocalForge(resolve(io.cwd, options.forge));
  }
  const { GitHubForge } = await import('../../github/forge.ts');
  const { client, cache } = await github();
  const serverUrl = io.env.GITHUB_SERVER_URL || undefined;
  return new GitHubForge(client, { cache, ...(serverUrl && { serverUrl }) });
}

/** A name that is mistyped must not look like a forge without pull requests. */
function refuseMissingFolder(flag: string, folder: string, io: Io): void {
  const info = statSync(resolve(io.cwd, folder), { throwIfNoEntry: false });
  if (info?.isDirectory() === true) return;
  const what = info === undefined ? 'there is no such folder' : 'this is no folder';
  throw new GreenroomError('invalid-input', `${flag} ${folder}: ${what}`);
}

/** What GitHub takes for owner and name; a name that ends in `.git` is a path that is not there. */
const GITHUB_NAME = /^([A-Za-z0-9][A-Za-z0-9-]{0,38})\/((?!.*\.git$)[A-Za-z0-9_-][A-Za-z0-9._-]{0,99})$/;

/** Where a reconciler clones an apps repo from; undefined for a path, which says nothing of it. */
export function cloneAddress(appsRepo: string, io: Io): string | undefined {
  if (existsSync(resolve(io.cwd, appsRepo))) return undefined;
  if (isRemote(appsRepo)) return parseRemote(appsRepo).url;
  const server = io.env.GITHUB_SERVER_URL || 'https://github.com';
  return GITHUB_NAME.test(appsRepo) ? `${server}/${appsRepo}.git` : undefined;
}

export async function openAppsRepo(
  { appsRepo, branch }: { readonly appsRepo: string; readonly branch?: string | undefined },
  io: Io,
  github: () => Promise<GitHub> = gitHub({}, io),
): Promise<AppsRepo> {
  const path = resolve(io.cwd, appsRepo);
  const isPath = existsSync(path);
  const [, owner, name] = GITHUB_NAME.exec(appsRepo) ?? [];
  if (!isPath && owner !== undefined && name !== undefined) {
    const { GitHubAppsRepo } = await import('../../github/repo/apps-repo.ts');
    return new GitHubAppsRepo((await github()).client, { owner, name }, branch);
  }
  const { openGitAppsRepo } = await import('../../gitops/open.ts');
  return openGitAppsRepo(isPath ? path : appsRepo, { clock: systemClock, branch, env: { ...io.env } });
}
