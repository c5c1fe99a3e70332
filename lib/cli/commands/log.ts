import { resolve } from 'node:path';
import { namesOf, pullRequestText } from '../../core/repository.ts';
import { type AuditEntry, entriesAbout } from '../../gitops/audit-log.ts';
import { History } from '../../gitops/history.ts';
import type { PreviewTrailers } from '../../gitops/message.ts';
import { RECORD_FILE } from '../../model/layout.ts';
import { causeWords, changeWords, type PreviewHistory, previewHistory } from '../../report/history.ts';
import { printable } from '../../report/text.ts';
import type { Configure } from '../shared/command.ts';
import { type Io, json } from '../shared/io.ts';
import { type Format, formatOption, numberArgument } from '../shared/options.ts';

interface LogOptions {
  preview?: string;
  by?: string;
  limit: number;
  format: Format;
}

export const configure: Configure = (command, io) => {
  formatOption(command)
    .argument('[dir]', 'a checkout or a bare repository of the apps repo', '.')
    .option('--preview <name>', 'only this preview: pr-shop-7, or acme/shop#7')
    .option('--by <login>', 'only commands of this account, and changes of its pull requests')
    .option('--limit <n>', 'number of commits to read, the newest first', numberArgument, 1000)
    .addHelpText(
      'after',
      `
Shows who changed what, and why: for each commit below previews/, the command or event, its author, and the changes
(image, size, end). Commits that greenroom did not make are marked.

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

async function run(dir: string, { limit, preview, by, format }: LogOptions, io: Io): Promise<void> {
  const history = await History.open(dir, limit);
  const entries: unknown[] = [];
  try {
    const all = await history.entries();
    for (const entry of preview === undefined ? all : entriesAbout(all, preview)) {
      const told = (await readPreviews(history, entry)).filter((one) => by === undefined || isBy(one, by));
      if (by !== undefined && told.length === 0) continue;
      if (format === 'json') entries.push(entryData(entry, told));
      else io.out(lines(entry, told, preview));
    }
  } finally {
    await history.close();
  }
  if (format === 'json') io.out(json({ entries }));
}

function isBy({ trailers, history }: Told, login: string): boolean {
  const wanted = login.toLowerCase();
  return [trailers.cause?.by, history.author].some((name) => name?.toLowerCase() === wanted);
}

async function readPreviews(history: History, { commit, previews }: AuditEntry): Promise<Told[]> {
  const names = new Set(previews.map(({ preview }) => preview));
  const files = await history.changes(commit, (path) => {
    const { name, below } = placeOf(path);
    return names.has(name) && (below === RECORD_FILE || /^app\/deployment\.[^/]+\.yaml$/.test(below));
  });
  return previews.map((trailers) => {
    const own = files
      .map((file) => ({ ...file, place: placeOf(file.path) }))
      .filter(({ place }) => place.name === trailers.preview);
    return {
      trailers,
      history: previewHistory(own.map(({ place, before, after }) => ({ path: place.below, before, after }))),
    };
  });
}

/** `previews/<cluster>/<repo>/<name>/<below>` */
function placeOf(path: string): { readonly name: string; readonly below: string } {
  const [, , , name = '', ...below] = path.split('/');
  return { name, below: below.join('/') };
}

/** The entry for `--format json`. */
function entryData({ previews: _, ...entry }: AuditEntry, told: readonly Told[]) {
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
  return { ...entry, previews };
}

function lines(
  { commit, time, author, subject, previews }: AuditEntry,
  told: readonly Told[],
  wanted?: string,
): string {
  const head = `${time} ${commit.slice(0, 7)}`;
  // Names and subjects come from commits that anybody may have pushed: remove terminal control characters.
  if (previews.length === 0) return `${head} NOT BY GREENROOM, by ${printable(author)}: ${printable(subject)}\n`;
  return told
    .filter(
      ({ trailers: { preview, pullRequest } }) =>
        wanted === undefined || [preview, pullRequestText(pullRequest)].includes(wanted),
    )
    .map(({ trailers: { preview, pullRequest, head: sha, cause }, history }) => {
      const at = sha === null ? '' : ` at ${sha.slice(0, 7)}`;
      // Earlier versions wrote no cause; the subject has most of it.
      const why = cause === undefined ? printable(subject) : causeWords(history, cause);
      const words = [why, changeWords(history)].filter(Boolean).join('; ');
      return `${head} ${preview} ${pullRequestText(pullRequest)}${at} ${words}\n`;
    })
    .join('');
}
