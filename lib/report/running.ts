import type { Finding } from '../core/finding.ts';
import type { Status } from '../status/status.ts';
import { titleOf } from '../status/status.ts';
import { findingEntry, itemLines } from './advice.ts';
import { keepWords } from './boxes.ts';
import { lineLink, link } from './links.ts';
import type { LivePreview, ReportOptions, Subject } from './state.ts';
import { aboutMoney, code, dayAndTime, money, nearTime, sentence, shortSha } from './text.ts';

/** Data for the text of a committed preview. */
export interface Running {
  readonly preview: LivePreview;
  readonly status: Status;
  readonly findings: readonly Finding[];
  /** Notes for the maker, one sentence each. */
  readonly notes: readonly string[];
  /** Start in unix seconds; null if unknown. */
  readonly since: number | null;
  readonly subject: Subject;
  readonly options: ReportOptions;
}

/** Headline and text, by its status. */
export function runningText(running: Running): string[] {
  const { preview, status, findings, notes, subject, options, since } = running;
  const endsSoon = preview.expires - options.now <= options.warn;
  const when = endsSoon ? `, ends ${nearTime(preview.expires, options.now)}` : '';
  const life = since === null ? undefined : Math.max(0, preview.expires - since);
  const warnings = findings.filter((f) => f.severity === 'warn');
  const keep = keepWords(preview, options);
  const cost = `Ends ${dayAndTime(preview.expires)}. ${costWords(preview, life)}`;
  return [
    `### Preview: ${titleOf(status)}${when}${headLink(running)}`,
    ...stateText(running, cost),
    ...(notes.length > 0 ? ['', notes.map((note) => sentence(note)).join(' ')] : []),
    ...(keep === null ? [] : ['', keep]),
    ...(warnings.length > 0 ? ['', ...itemLines(warnings.map((f) => findingEntry(f, options, subject)))] : []),
  ];
}

/** There is no link before the app answers. */
function headLink({ preview: { url }, status }: Running): string {
  if (url === null) return '';
  if (status.state === 'asleep') return ` - [Wake it up](${url})`;
  return status.state === 'ready' || status.state === 'ready-older' ? ` - [Open the preview](${url})` : '';
}

function stateText({ preview, status, subject, options }: Running, cost: string): string[] {
  const shown = `${code(shortSha(preview.headSha))} ${code(subject.title)}`;
  switch (status.state) {
    case 'ready':
      if (status.mayShow !== undefined) return [`${sentence(status.sentence)} The latest commit is ${shown}. ${cost}`];
      return [`${shownWords(preview, shown)} ${cost}`];
    case 'committed': {
      const address = preview.url === null ? '' : ` [Its address](${preview.url}).`;
      return [`${shown}: ${sentence(status.sentence)}${address} Nothing to do.`, '', cost];
    }
    case 'not-working':
      return [
        [sentence(status.sentence, 700), todoWords(status, options, subject)].filter(Boolean).join(' '),
        ...stillAnswers(status, preview),
        '',
        `The new commit is ${shown}. ${cost}`,
      ];
    default: {
      const todo = todoWords(status, options, subject) || 'Nothing to do.';
      return [`${sentence(status.sentence)} ${todo}`, '', `The commit is ${shown}. ${cost}`];
    }
  }
}

/** What the preview shows: the commit, or images whose names do not tell their commit. */
function shownWords({ unversioned = [], independent = [] }: LivePreview, commit: string): string {
  const apart =
    independent.length === 0 ? '' : ` A new commit alone does not restart ${independent.map(code).join(', ')}.`;
  if (unversioned.length === 0) return `Shows ${commit}.${apart}`;
  const why =
    unversioned.length === 1
      ? 'its name does not say which commit it contains'
      : 'their names do not say which commits they contain';
  return `Runs ${unversioned.map(code).join(', ')} for ${commit}; ${why}.${apart}`;
}

/** What to do and where; empty if there is nothing to do. */
export function todoWords({ todo, field, turn }: Status, options: ReportOptions, subject: Subject): string {
  if (todo === null) return '';
  if (field === null || turn !== 'maker') return sentence(todo);
  const line = options.lineOf?.(field) ?? null;
  if (line === null) return sentence(todo);
  return `${sentence(todo)} See ${link(`line ${line}`, lineLink(options, subject, 'preview.yaml', line))} of ${code('preview.yaml')}.`;
}

function stillAnswers({ shows, commit }: Status, { url }: LivePreview): string[] {
  if (shows === null || commit.startsWith(shows)) return [];
  return [
    '',
    `Your earlier preview (${code(shortSha(shows))}) still answers.${url === null ? '' : ` [Open it](${url})`}`,
  ];
}

const DAY = 86_400;

/**
 * `About $0.30 a day.` and its basis.
 *
 * @param seconds lifetime, for the total price. @default - only the price per day
 */
export function costWords({ cost }: Pick<LivePreview, 'cost'>, seconds?: number): string {
  const { perDay, currency, ratesAsOf } = cost;
  const life = seconds === undefined ? '' : `, ${money((perDay * seconds) / DAY, currency)} for its whole life`;
  const price = aboutMoney(perDay, currency);
  return `${price[0]!.toUpperCase()}${price.slice(1)} a day${life} (by what it asks for, rates of ${ratesAsOf}; traffic not included).`;
}
