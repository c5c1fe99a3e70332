import type { Command } from 'commander';
import { systemClock } from '../../core/clock.ts';
import type { Forge } from '../../forge/forge.ts';
import type { AppsRepo } from '../../gitops/apps-repo.ts';
import { openCheckout } from '../../gitops/checkout.ts';
import { EXTENSIONS_GLOB, PLATFORM_FILE } from '../../model/layout.ts';
import { createCelCompiler } from '../../policies/cel.ts';
import { type ModuleLoader, readBase } from '../../sync/plan/base.ts';
import { type Change, differences } from '../../verify/change.ts';
import { openForge, openImages } from './clients.ts';
import { type ExtensionOptions, extensionOption, loadExtensions, moduleLoader } from './extensions.ts';
import type { Io } from './io.ts';

export interface ChangeOptions extends ExtensionOptions {
  base?: string;
  head: string;
  forge?: string;
}

/** Options of commands that look at a change of an apps repo between two of its commits. */
export function changeOptions(command: Command): Command {
  return extensionOption(command)
    .argument('<dir>', 'a checkout of the apps repo, or a bare repository')
    .option('--base <commit>', 'what the change starts from, e.g. origin/main')
    .option('--head <commit>', 'the change', 'HEAD')
    .option('--forge <dir>', 'a local forge instead of the one that GREENROOM_FORGE names');
}

/**
 * Reads both ends of a change, hands them to `work`, and closes everything whatever happens.
 *
 * @throws GreenroomError `invalid-input` for a commit that is not there
 */
export async function withChange<T>(
  dir: string,
  options: ChangeOptions,
  io: Io,
  work: (change: Change) => Promise<T>,
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
    // As reviewers see a pull request: since it has left the branch, not what the branch did in the meantime.
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

/** A change is judged by the modules that it starts from: its own are a pull request's, which runs nothing here. */
function modulesAt(repo: AppsRepo, commit: string, load: ModuleLoader): ModuleLoader {
  return async (named) => {
    const { files } = await repo.read([EXTENSIONS_GLOB], commit);
    return load(
      named.filter((path) => files.has(path)),
      files,
    );
  };
}
