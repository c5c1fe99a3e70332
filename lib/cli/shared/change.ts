import type { Command } from 'commander';
import { systemClock } from '../../core/clock.ts';
import type { Forge } from '../../forge/forge.ts';
import type { AppsRepo } from '../../gitops/apps-repo.ts';
import { openCheckout } from '../../gitops/checkout.ts';
import { EXTENSIONS_GLOB, PLATFORM_FILE } from '../../model/layout.ts';
import { createCelCompiler } from '../../policies/cel.ts';
import { type ModuleLoader, readBase } from '../../sync/plan/base.ts';
import { type AppsRepoChange, differences } from '../../verify/change.ts';
import { openForge, openImages } from './clients.ts';
import { type ExtensionOptions, extensionOption, loadExtensions, moduleLoader } from './extensions.ts';
import type { Io } from './io.ts';

export interface ChangeOptions extends ExtensionOptions {
  base?: string;
  head: string;
  forge?: string;
}

/** Options of commands that examine a change between two commits of an apps repo. */
export function changeOptions(command: Command): Command {
  return extensionOption(command)
    .argument('<dir>', 'a checkout of the apps repo, or a bare repository')
    .option('--base <commit>', 'commit before the change, e.g. origin/main')
    .option('--head <commit>', 'last commit of the change', 'HEAD')
    .option('--forge <dir>', 'folder of a local forge; default: the forge in GREENROOM_FORGE');
}

/**
 * Reads both ends of a change, calls `work` with them, and always closes everything.
 *
 * @throws GreenroomError `invalid-input` if a commit does not exist
 */
export async function withChange<T>(
  dir: string,
  options: ChangeOptions,
  io: Io,
  work: (change: AppsRepoChange) => Promise<T>,
): Promise<T> {
  const extensions = await loadExtensions(options, io);
  const checkout = await openCheckout(dir, { ...io.env });
  let opened: Promise<Forge> | undefined;
  const forge = () => {
    opened ??= openForge(options, io);
    return opened;
  };
  try {
    const headCommit = await checkout.commit(options.head);
    // As in a pull request: changes since it left the branch, without what the branch did meanwhile.
    const baseCommit =
      options.base === undefined ? null : await checkout.fork(await checkout.commit(options.base), headCommit);
    const list = await checkout.list(headCommit);
    const oldList = baseCommit === null ? null : await checkout.list(baseCommit);
    const cel = createCelCompiler();
    const shared = { repo: checkout.repo, ...openImages(io), clock: systemClock, cel, ...extensions };
    const load = moduleLoader(io);
    const before =
      baseCommit !== null && oldList?.has(PLATFORM_FILE)
        ? await readBase({ ...shared, modules: load }, baseCommit)
        : null;
    const context = { ...shared, modules: baseCommit === null ? load : modulesAt(checkout.repo, baseCommit, load) };
    const head = await readBase(context, headCommit);
    const changed = oldList === null ? null : differences(oldList, list);
    return await work({ context, forge, headCommit, baseCommit, head, before, list, oldList, changed });
  } finally {
    await (await opened?.catch(() => undefined))?.close();
    await checkout.close();
  }
}

/** A change is checked with the modules of its base. Its own modules are untrusted, so they are not run. */
function modulesAt(repo: AppsRepo, commit: string, load: ModuleLoader): ModuleLoader {
  return async (named) => {
    const { files } = await repo.read([EXTENSIONS_GLOB], commit);
    return load(
      named.filter((path) => files.has(path)),
      files,
    );
  };
}
