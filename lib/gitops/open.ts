import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { invalidInput } from '../core/errors.ts';
import { fileFailure } from '../core/git/failure.ts';
import type { GitLimits, GitOptions } from '../core/git/process.ts';
import { git, tryGit } from '../core/git/process.ts';
import { GitAppsRepo } from './git.ts';
import { LocalBranch } from './local-branch.ts';
import { folderMode, LooseObjects } from './loose.ts';
import { describeRemote, REMOTE, RemoteBranch } from './remote-branch.ts';
import { GitRepository } from './repository.ts';
import { readSettings } from './settings.ts';
import type { HttpCredentials, Remote } from './url.ts';
import { authorization, isRemote, parseRemote } from './url.ts';
import type { WalkLimits } from './walk.ts';

export interface GitAppsRepoOptions {
  /** Time of new commits. */
  readonly clock: Clock;
  /** @default - the branch of the repository's HEAD, else `main` */
  readonly branch?: string;
  /** For an http(s) remote, passed to git through its environment. @default - those of the URL, if any */
  readonly credentials?: HttpCredentials;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Where the copy of a remote is kept while it is open. @default - the system's temporary folder */
  readonly temporaryFolder?: string;
  /** Only read at commits: then the branch may be checked out. @default false */
  readonly readOnly?: boolean;
  /** Names for temporary files. @default - random UUIDs */
  readonly randomId?: () => string;
  /** For a remote of strangers. @default - none */
  readonly limits?: RemoteLimits;
}

/** What a repository of strangers may cost, and how it is reached. */
export interface RemoteLimits extends GitLimits, WalkLimits {
  /** Bytes of one file. */
  readonly blobBytes: number;
  /** Git's transports, e.g. `https`. Others, such as `ext`, run programs. */
  readonly protocols: readonly string[];
}

/**
 * Opens an apps repo: the path of a local repository (bare, or with another branch checked out), or the address of a
 * remote that git can push to (`https://`, `ssh://`, `file://`, `host:path`).
 *
 * @throws GreenroomError `invalid-input` if there is no such repository, `unreachable` or `failed` as git reports
 */
export async function openGitAppsRepo(location: string, options: GitAppsRepoOptions): Promise<GitAppsRepo> {
  if (options.branch !== undefined) checkBranch(options.branch);
  return isRemote(location) && !existsSync(location) ? openRemote(location, options) : openLocal(location, options);
}

async function openLocal(path: string, options: GitAppsRepoOptions): Promise<GitAppsRepo> {
  const folder = resolve(path);
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined)
    throw invalidInput([{ message: `${path} does not exist; an apps repo is a git repository` }]);
  const gitDir = existsSync(join(folder, '.git')) ? join(folder, '.git') : folder;
  const git_: GitOptions = { gitDir, config: [['core.filesRefLockTimeout', '2000']], ...optional(options) };
  const [{ objects, checkedOut }, settings] = await inOrder(locate(git_, `opening ${path}`), readSettings(git_));
  const branch = options.branch ?? (checkedOut || 'main');
  if (options.readOnly !== true && !settings.bare && branch === checkedOut) {
    throw invalidInput([
      { message: `${path} is a working copy with ${branch} checked out; use a bare repository or another branch` },
    ]);
  }
  const objectsFolder = resolve(objects);
  const repository = makeRepository(git_, settings, objectsFolder, options);
  const access = new LocalBranch(`${path} (${branch})`, repository, branch, objectsFolder);
  return new GitAppsRepo(repository, access, options.clock);
}

/** The folder of the objects, and the branch of HEAD; empty if HEAD is not a branch. */
async function locate(
  options: GitOptions,
  doing: string,
): Promise<{ readonly objects: string; readonly checkedOut: string }> {
  const ask = ['rev-parse', '--git-path', 'objects'];
  const both = await tryGit(options, [...ask, '--symbolic-full-name', 'HEAD']);
  if (both.code === 0) {
    const text = both.stdout.trimEnd();
    const end = text.lastIndexOf('\n');
    return { objects: text.slice(0, end), checkedOut: /^refs\/heads\/(.+)$/.exec(text.slice(end + 1))?.[1] ?? '' };
  }
  // Either there is no repository, and this call fails, too; or the branch has no commit yet.
  const objects = (await git(options, ask, { doing })).trim();
  const head = await tryGit(options, ['symbolic-ref', '--quiet', '--short', 'HEAD']);
  return { objects, checkedOut: head.stdout.trim() };
}

/** Awaits both in parallel; if both fail, throws the error of the first. */
async function inOrder<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  second.catch(() => undefined);
  return [await first, await second];
}

async function openRemote(location: string, options: GitAppsRepoOptions): Promise<GitAppsRepo> {
  const remote = parseRemote(location);
  const credentials = options.credentials ?? remote.credentials;
  const header = credentials === undefined ? undefined : authorization(credentials);
  const folder = await mkdtemp(join(options.temporaryFolder ?? tmpdir(), 'greenroom-apps-')).catch((cause) => {
    throw fileFailure('creating a temporary folder', cause);
  });
  const gitDir = join(folder, 'apps.git');
  const { limits } = options;
  const local: GitOptions = { gitDir, ...optional(options), ...(limits !== undefined && { limits }) };
  const calls: GitOptions = {
    ...local,
    secrets: credentials === undefined || header === undefined ? [] : [header.split(' ').at(-1)!, credentials.password],
    config: remoteConfig(remote, header, limits),
    env: {
      ...withoutSshPrompt(options.env ?? process.env),
      ...(limits !== undefined && { GIT_ALLOW_PROTOCOL: limits.protocols.join(':') }),
    },
  };
  try {
    await init(local, 'sha1');
    const found = await describeRemote(calls, remote.description);
    if (found.format !== 'sha1') {
      await rm(gitDir, { recursive: true });
      await init(local, found.format);
    }
    const branch = options.branch ?? found.branch ?? 'main';
    const repository = makeRepository(local, await readSettings(local), join(gitDir, 'objects'), options);
    const access = new RemoteBranch(`${remote.description} (${branch})`, calls, branch, folder);
    return new GitAppsRepo(repository, access, options.clock, limits);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function remoteConfig(
  { url, origin }: Remote,
  header: string | undefined,
  limits: RemoteLimits | undefined,
): GitOptions['config'] {
  const seconds = Math.ceil((limits?.timeout ?? 100_000) / 1000);
  const config: [string, string][] = [
    [`remote.${REMOTE}.url`, url],
    // Only these calls know that this is a partial clone, so that other git calls never fetch single files.
    [`remote.${REMOTE}.promisor`, 'true'],
    [`remote.${REMOTE}.partialclonefilter`, 'blob:none'],
    // After a redirect git sends the credentials to the other server.
    ['http.followRedirects', 'false'],
    // A helper of git would wait for a silent server forever, even if git itself is killed.
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', String(seconds)],
  ];
  // What was received stays one file, whose size is limited.
  if (limits !== undefined) config.push(['fetch.unpackLimit', '1'], ['pack.threads', '1']);
  if (header !== undefined && origin !== undefined) config.push([`http.${origin}/.extraHeader`, header]);
  return config;
}

function makeRepository(
  git_: GitOptions,
  settings: Awaited<ReturnType<typeof readSettings>>,
  objectsFolder: string,
  { randomId = randomUUID, limits }: GitAppsRepoOptions,
): GitRepository {
  const loose = new LooseObjects(objectsFolder, folderMode(settings.sharedRepository), randomId);
  return new GitRepository(git_, settings, loose, limits?.blobBytes);
}

async function init(options: GitOptions, format: 'sha1' | 'sha256'): Promise<void> {
  await git(options, ['init', '--bare', '--quiet', `--object-format=${format}`, '--template='], {
    doing: 'creating a temporary repository',
  });
}

function optional({ env }: GitAppsRepoOptions): { readonly env?: NodeJS.ProcessEnv } {
  return env === undefined ? {} : { env };
}

/** Without BatchMode, ssh prompts on the terminal even if git is told not to. A command set by the user is kept. */
function withoutSshPrompt(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env['GIT_SSH_COMMAND'] || env['GIT_SSH'] ? env : { ...env, GIT_SSH_COMMAND: 'ssh -o BatchMode=yes' };
}

/** The rules of `git check-ref-format` for one branch name. */
function checkBranch(name: string): void {
  const bad =
    name === '' ||
    /[\p{Cc} ~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$/u.test(name) ||
    name.split('/').some((part) => part.startsWith('.') || part.endsWith('.lock'));
  if (bad) throw invalidInput([{ field: 'branch', message: `${JSON.stringify(name)} is not a valid branch name` }]);
}
