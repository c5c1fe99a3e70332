import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { GreenroomError } from '../../core/errors.ts';
import { namesOf, pullRequestText } from '../../core/repository.ts';
import { type AuditEntry, about, LOG_FORMAT, parseLog } from '../../gitops/audit-log.ts';
import type { Configure } from '../shared/command.ts';
import { type Io, json } from '../shared/io.ts';
import { type Format, formatOption, numberArgument } from '../shared/options.ts';

interface LogOptions {
  preview?: string;
  limit: number;
  format: Format;
}

export const configure: Configure = (command, io) => {
  formatOption(command)
    .argument('<dir>', 'a checkout or a bare repository of the apps repo')
    .option('--preview <name>', 'only this one: pr-shop-7, or acme/shop#7')
    .option('--limit <n>', 'commits to look at, the newest first', numberArgument, 1000)
    .addHelpText(
      'after',
      `
Who caused what, from the history of previews/ and the trailers of its commits. A commit without trailers was not made
by greenroom and is marked so.

Example:
  greenroom log . --preview acme/shop#7`,
    )
    .action((dir: string, options: LogOptions) => run(resolve(io.cwd, dir), options, io));
};

async function run(dir: string, options: LogOptions, io: Io): Promise<void> {
  const all = parseLog(await gitLog(dir, options.limit));
  const entries = options.preview === undefined ? all : about(all, options.preview);
  if (options.format === 'json') io.out(json({ entries: entries.map(entryData) }));
  else for (const entry of entries) io.out(line(entry));
}

async function gitLog(dir: string, limit: number): Promise<string> {
  const args = ['-C', dir, 'log', '-z', `--max-count=${limit}`, `--format=${LOG_FORMAT}`, '--', 'previews'];
  try {
    return (await promisify(execFile)('git', args, { maxBuffer: 256 * 1024 * 1024 })).stdout;
  } catch (cause) {
    throw new GreenroomError('invalid-input', `${dir}: is no repository with commits`, { cause });
  }
}

/** As `--format json` prints it. */
function entryData({ previews, ...entry }: AuditEntry) {
  const named = previews.map(({ pullRequest, ...rest }) => {
    return { ...rest, pullRequest: { ...namesOf(pullRequest), number: pullRequest.number } };
  });
  return { ...entry, previews: named };
}

// Names and subjects come from commits that anybody may have pushed: nothing of them may steer a terminal.
const printable = (text: string) => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');

function line({ commit, time, author, subject, previews }: AuditEntry): string {
  const head = `${time} ${commit.slice(0, 7)}`;
  if (previews.length === 0) return `${head} NOT BY GREENROOM, by ${printable(author)}: ${printable(subject)}\n`;
  return previews
    .map(({ preview, pullRequest, head: sha }) => {
      const at = sha === null ? '' : ` at ${sha.slice(0, 7)}`;
      return `${head} ${preview} ${pullRequestText(pullRequest)}${at}: ${printable(subject)}\n`;
    })
    .join('');
}
