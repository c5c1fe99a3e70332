import { resolve } from 'node:path';
import { namesOf, pullRequestText } from '../../core/repository.ts';
import { type AuditEntry, namesOfPreview } from '../../gitops/audit-log.ts';
import { type ChangedPath, History } from '../../gitops/history.ts';
import type { PreviewTrailers } from '../../gitops/message.ts';
import { placeOfPreviewFile, RECORD_FILE } from '../../model/layout.ts';
import { causeWords, changeWords, type PreviewHistory, previewHistory } from '../../report/history.ts';
import { printable } from '../../report/text.ts';
import type { Configure } from '../shared/command.ts';
import { type Io, json } from '../shared/io.ts';
import { misfitOf } from '../shared/log-check.ts';
import { type Format, formatOption, numberArgument } from '../shared/options.ts';

interface LogOptions {
  preview?: string;
  by?: string;
  bot?: string;
  limit: number;
  format: Format;
}

export const configure: Configure = (command, io) => {
  formatOption(command)
    .argument('[dir]', 'a checkout or a bare repository of the apps repo', '.')
    .option('--preview <name>', 'only this preview: pr-shop-7, or acme/shop#7')
    .option('--by <login>', 'only commands of this account, and changes of its pull requests')
    .option(
      '--bot <author>',
      "name or e-mail address of the author of greenroom's own commits; others are marked as unverified",
    )
    .option('--limit <n>', 'number of commits to read, the newest first', numberArgument, 1000)
    .addHelpText(
      'after',
      `
Shows who changed what, and why: for each commit below previews/, the command or event, its author, and the changes
(image, size, end). A commit without greenroom's trailers is marked NOT BY GREENROOM; one whose trailers do not fit what it
changed, or whose author is not --bot, UNVERIFIED. Anybody who can push can write both: the protection of the branch
decides who can.

Examples:
  greenroom log .
  greenroom log previews.git --preview acme/shop#7
  greenroom log . --by mia --format json`,
    )
    .action((dir: string, options: LogOptions) => run(resolve(io.cwd, dir), options, io));
};

/** A preview in a commit, and its change. */
interface Told {
  readonly trailers: PreviewTrailers;
  readonly history: PreviewHistory;
}

/** A commit as it is shown. */
interface Logged {
  readonly entry: AuditEntry;
  /** Why it does not count as a commit of greenroom; null if it does. */
  readonly unverified: string | null;
  readonly told: readonly Told[];
}

async function run(dir: string, { limit, preview, by, bot, format }: LogOptions, io: Io): Promise<void> {
  const history = await History.open(dir, limit);
  const shown: unknown[] = [];
  let count = 0;
  try {
    const all = await history.entries();
    const wanted = preview === undefined ? null : namesOfPreview(all, preview);
    for (const entry of all) {
      const paths = await history.paths(entry.commit);
      if (wanted !== null && !isAbout(entry, paths, wanted)) continue;
      const logged = await readEntry(history, entry, { paths, bot });
      const told = logged.told.filter((one) => by === undefined || isBy(one, by));
      if (by !== undefined && told.length === 0) continue;
      count += 1;
      if (format === 'json') shown.push(entryData({ ...logged, told }));
      else io.out(lines({ ...logged, told }, wanted));
    }
  } finally {
    await history.close();
  }
  if (format === 'json') io.out(json({ entries: shown }));
  else if (count === 0) io.err('no commit matches\n');
}

/** Whether a commit names one of these previews, or changes its files without saying so. */
function isAbout({ previews }: AuditEntry, paths: readonly ChangedPath[], wanted: ReadonlySet<string>): boolean {
  const isWanted = (name: string) => wanted.has(name);
  return (
    previews.some((one) => isWanted(one.preview)) || paths.some(({ path }) => isWanted(placeOfPreviewFile(path).name))
  );
}

function isBy({ trailers, history }: Told, login: string): boolean {
  const wanted = login.toLowerCase();
  return [trailers.cause?.by, history.author].some((name) => name?.toLowerCase() === wanted);
}

async function readEntry(
  history: History,
  entry: AuditEntry,
  { paths, bot }: { readonly paths: readonly ChangedPath[]; readonly bot: string | undefined },
): Promise<Logged> {
  const { commit, previews, author, email } = entry;
  const names = new Set(previews.map(({ preview }) => preview));
  const files = await history.changes(commit, (path) => {
    const { name, below } = placeOfPreviewFile(path);
    return names.has(name) && (below === RECORD_FILE || /^app\/deployment\.[^/]+\.yaml$/.test(below));
  });
  const told = previews.map((trailers) => {
    const own = files
      .map((file) => ({ ...file, place: placeOfPreviewFile(file.path) }))
      .filter(({ place }) => place.name === trailers.preview);
    return {
      trailers,
      history: previewHistory(own.map(({ place, before, after }) => ({ path: place.below, before, after }))),
    };
  });
  const isBots = bot === undefined || [author, email].some((one) => one.toLowerCase() === bot.toLowerCase());
  const records = files.filter(({ path }) => placeOfPreviewFile(path).below === RECORD_FILE);
  const unverified = isBots ? misfitOf(previews, { paths, records }) : `its author is not ${bot}`;
  return { entry, unverified: previews.length === 0 ? null : unverified, told };
}

/** The entry for `--format json`. */
function entryData({ entry: { previews: _, email: __, ...entry }, unverified, told }: Logged) {
  const previews = told.map(
    ({ trailers: { pullRequest, cause, ...rest }, history: { effect, author, changes, extended } }) => ({
      ...rest,
      pullRequest: { ...namesOf(pullRequest), number: pullRequest.number },
      effect,
      cause: cause?.what ?? null,
      by: cause?.by ?? null,
      author,
      changes,
      extended,
    }),
  );
  return { ...entry, unverified, previews };
}

function lines({ entry, unverified, told }: Logged, wanted: ReadonlySet<string> | null): string {
  const { commit, time, author, subject, previews } = entry;
  const head = `${time} ${commit.slice(0, 7)}`;
  // Names and subjects come from commits that anybody may have pushed: remove terminal control characters.
  const said = `by ${printable(author)}: ${printable(subject)}`;
  if (previews.length === 0) return `${head} NOT BY GREENROOM, ${said}\n`;
  if (unverified !== null) return `${head} UNVERIFIED (${printable(unverified)}), ${said}\n`;
  return told
    .filter(({ trailers: { preview } }) => wanted === null || wanted.has(preview))
    .map(({ trailers: { preview, pullRequest, head: sha, cause }, history }) => {
      const at = sha === null ? '' : ` at ${sha.slice(0, 7)}`;
      // Earlier versions wrote no cause; the subject has most of it.
      const why = cause === undefined ? printable(subject) : causeWords(history, cause);
      const words = [why, changeWords(history)].filter(Boolean).join('; ');
      return `${head} ${preview} ${pullRequestText(pullRequest)}${at} ${words}\n`;
    })
    .join('');
}
