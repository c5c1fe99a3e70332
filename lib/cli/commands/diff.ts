import { resolve } from 'node:path';
import { compareStrings } from '../../core/fileset.ts';
import { EVERYTHING } from '../../forge/capabilities.ts';
import { PLATFORM_FILE } from '../../model/layout.ts';
import { type FileChange, hurts, renderImpact } from '../../report/impact.ts';
import { type AppsRepoChange, changesPlatform } from '../../verify/change.ts';
import { impactOf } from '../../verify/impact.ts';
import { type ChangeOptions, changeOptions, withChange } from '../shared/change.ts';
import type { Configure } from '../shared/command.ts';
import { type Io, json } from '../shared/io.ts';
import { type Format, formatOption } from '../shared/options.ts';

interface DiffOptions extends ChangeOptions {
  format: Format;
}

export const configure: Configure = (command, io) => {
  changeOptions(formatOption(command))
    .addHelpText(
      'after',
      `
Compiles every live preview with the old and the new greenroom.yaml and exceptions/, and prints Markdown for a comment or a
job summary: which previews change (object by object), move to another cluster, are removed or refused, and how bootstrap/
and policies/ change. Writes no files.

Example:
  greenroom diff . --base origin/main > diff.md`,
    )
    .action((dir: string, options: DiffOptions) => run(resolve(io.cwd, dir), options, io));
};

async function run(dir: string, options: DiffOptions, io: Io): Promise<void> {
  const base = options.base ?? 'HEAD^';
  await withChange(dir, { ...options, base }, io, async (change) => {
    const { before, head } = change;
    const impacts =
      before === null || !changesPlatform(change) ? [] : await impactOf(await change.forge(), before, head);
    const files = await compiledChanges(change);
    if (options.format === 'json') io.out(json({ impacts, files, hurts: impacts.some(hurts) }));
    else {
      // Without live previews no forge was opened. Do not open one only for its limit.
      const { commentLength } = impacts.length === 0 ? EVERYTHING : (await change.forge()).capabilities;
      io.out(renderImpact(impacts, files, commentLength));
    }
  });
}

const COMPILED = [PLATFORM_FILE, 'bootstrap/**', 'exceptions/**', 'policies/**'];

/** Files that the reconciler applies in addition to the previews, and the files they are made from. */
async function compiledChanges({ context, changed, headCommit, baseCommit }: AppsRepoChange): Promise<FileChange[]> {
  const paths = (changed ?? []).filter((path) => /^((bootstrap|policies|exceptions)\/|greenroom\.yaml$)/.test(path));
  if (paths.length === 0) return [];
  const [before, after] = await Promise.all(
    [baseCommit, headCommit].map(async (at) => (await context.repo.read(COMPILED, at)).files),
  );
  return paths.sort(compareStrings).map((path) => ({
    path,
    before: before?.get(path) ?? null,
    after: after?.get(path) ?? null,
  }));
}
