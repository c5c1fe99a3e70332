import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import type { RegistryClient } from '../../evidence/registry/client.ts';
import type { ImageRegistry } from '../../evidence/registry/lookup.ts';
import type { ImageVerifier } from '../../evidence/verify-image.ts';
import type { Forge } from '../../forge/forge.ts';
import type { AppsRepo } from '../../gitops/apps-repo.ts';
import { isRemote, parseRemote } from '../../gitops/url.ts';
import { createCelCompiler } from '../../policies/cel.ts';
import type { Looker } from '../../probe/looker.ts';
import { PlatformReader, type SyncContext } from '../../sync/plan/base.ts';
import { type ExtensionOptions, extensionOption, loadExtensions, moduleLoader } from './extensions.ts';
import type { ForgeConnection } from './forge-kind.ts';
import { forgeKind } from './forges.ts';
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

/** Options of every command that reads an apps repo and a forge. */
export function readOptions(command: Command): Command {
  return extensionOption(formatOption(command))
    .requiredOption('--apps-repo <where>', 'the apps repo: OWNER/NAME, a Git address, or the path of a bare repository')
    .option('--branch <name>', "branch of the apps repo; default: the repository's own")
    .option('--forge <dir>', 'folder of a local forge; default: the forge in GREENROOM_FORGE')
    .option('--cache <dir>', 'folder for cached answers of forge and registries, to save requests in later runs');
}

/** Options of every command that works on an apps repo and a forge. */
export function clientOptions(command: Command): Command {
  return readOptions(command).option('--dry-run', 'print the plan, write nothing');
}

/** Opens the forge and the apps repo for one piece of work, and always closes them. */
export type WithContext = <T>(work: (context: SyncContext) => Promise<T>) => Promise<T>;

/** Opens the forge and the apps repo, calls `work`, and always closes them. */
export async function withClients<T>(
  options: ClientOptions,
  io: Io,
  work: (context: SyncContext) => Promise<T>,
): Promise<T> {
  return (await openClients(options, io))(work);
}

/** For many pieces of work, also in parallel: they share what must live longer (rate limits, tokens). */
export async function openClients(options: ClientOptions, io: Io, onWait = sayWaits(io)): Promise<WithContext> {
  const extensions = await loadExtensions(options, io);
  const connected = connection(options, io, onWait);
  const platforms = new PlatformReader();
  const images = openImages(io, options.cache);
  const cel = createCelCompiler();
  const look = opensLooks();
  const shared = { ...images, clock: systemClock, cel, look, platforms, ...extensions, modules: moduleLoader(io) };
  return async (work) => {
    const forge = await openForge(options, io, connected);
    try {
      const repo = await openAppsRepo(options, io, connected);
      try {
        return await work({ repo, forge, ...shared });
      } finally {
        await repo.close();
      }
    } finally {
      await forge.close();
    }
  };
}

/**
 * Makes one client for all registries, to share tokens and cached answers. It is loaded at the first lookup: most
 * platforms require no evidence.
 */
export function openImages(
  io: Io,
  cache?: string,
): { readonly images: ImageRegistry; readonly verifier: ImageVerifier } {
  let opened: Promise<RegistryClient> | undefined;
  const open = () => {
    opened ??= import('../../evidence/registry/open.ts').then(({ openRegistries }) => openRegistries(io.env));
    return opened;
  };
  let verifier: Promise<ImageVerifier> | undefined;
  const createOne = async () => {
    const { createVerifier } = await import('../../evidence/verify-image.ts');
    const { openContentFolder } = await import('../../evidence/content-folder.ts');
    const kept =
      cache === undefined ? undefined : await openContentFolder(join(resolve(io.cwd, cache), 'evidence'), systemClock);
    return createVerifier(await open(), systemClock, kept);
  };
  const openVerifier = () => {
    verifier ??= createOne();
    return verifier;
  };
  return {
    images: { resolve: async (image) => (await open()).resolve(image) },
    verifier: {
      verify: async (...request) => (await openVerifier()).verify(...request),
      readingAhead: async (...request) => (await openVerifier()).readingAhead(...request),
    },
  };
}

/** The prober is loaded at the first probe. */
function opensLooks(): NonNullable<SyncContext['look']> {
  let opened: Promise<Looker> | undefined;
  const open = async () => {
    const [{ Looker }, { probe }] = await Promise.all([
      import('../../probe/looker.ts'),
      import('../../probe/probe.ts'),
    ]);
    return new Looker(probe, systemClock);
  };
  return async (looked) => {
    opened ??= open();
    return (await opened).look(looked);
  };
}

/** Connects to the forge at the first use, only once. */
export function connection(
  { cache }: Pick<ClientOptions, 'cache'>,
  io: Io,
  onWait = sayWaits(io),
): () => Promise<ForgeConnection> {
  let opened: Promise<ForgeConnection> | undefined;
  return () => {
    const folder = cache === undefined ? undefined : resolve(io.cwd, cache);
    opened ??= forgeKind(io.env).connect(io.env, { cache: folder, onWait });
    return opened;
  };
}

export async function openForge(
  options: Pick<ClientOptions, 'forge' | 'cache'>,
  io: Io,
  connected: () => Promise<ForgeConnection> = connection(options, io),
): Promise<Forge> {
  if (options.forge === undefined) return (await connected()).forge();
  const { LocalForge } = await import('../../forge/local.ts');
  refuseMissingFolder('--forge', options.forge, io);
  return new LocalForge(resolve(io.cwd, options.forge));
}

/** A mistyped name must not look like a forge without pull requests. */
function refuseMissingFolder(flag: string, folder: string, io: Io): void {
  const info = statSync(resolve(io.cwd, folder), { throwIfNoEntry: false });
  if (info?.isDirectory() === true) return;
  const what = info === undefined ? 'there is no such folder' : 'this is not a folder';
  throw new GreenroomError('invalid-input', `${flag} ${folder}: ${what}`);
}

/** Address from which a reconciler clones an apps repo; undefined for a local path. */
export function cloneAddress(appsRepo: string, io: Io): string | undefined {
  if (existsSync(resolve(io.cwd, appsRepo))) return undefined;
  if (isRemote(appsRepo)) return parseRemote(appsRepo).url;
  const kind = forgeKind(io.env);
  return kind.isRepository(appsRepo) ? kind.cloneAddress(appsRepo, io.env) : undefined;
}

export async function openAppsRepo(
  { appsRepo, branch }: { readonly appsRepo: string; readonly branch?: string | undefined },
  io: Io,
  connected: () => Promise<ForgeConnection> = connection({}, io),
): Promise<AppsRepo> {
  const path = resolve(io.cwd, appsRepo);
  const isPath = existsSync(path);
  if (!isPath && forgeKind(io.env).isRepository(appsRepo)) return (await connected()).appsRepo(appsRepo, branch);
  const { openGitAppsRepo } = await import('../../gitops/open.ts');
  return openGitAppsRepo(isPath ? path : appsRepo, { clock: systemClock, branch, env: { ...io.env } });
}
