import { closest } from '../../model/load/suggest.ts';

/** What people can ask for in a comment. */
export type Command =
  | { readonly action: 'stop' }
  /** `start` and `retry` are the same. */
  | { readonly action: 'retry' }
  /** @property seconds to add to the present end; null for the maximum */
  | { readonly action: 'extend'; readonly seconds: number | null }
  /** Check again and report. */
  | { readonly action: 'status' }
  | { readonly action: 'help' };

/** A line that begins with `/preview` but is not a valid command. */
export interface Misspelt {
  /** The text after `/preview`, cut: untrusted text. */
  readonly text: string;
  /** The command that was probably meant; null if unclear. */
  readonly meant: string | null;
}

/** All verbs with their commands. */
const VERBS: ReadonlyMap<string, Command> = new Map([
  ['help', { action: 'help' }],
  ['status', { action: 'status' }],
  ['extend', { action: 'extend', seconds: null }],
  ['keep', { action: 'extend', seconds: null }],
  ['stop', { action: 'stop' }],
  ['start', { action: 'retry' }],
  ['retry', { action: 'retry' }],
]);

/** Maximum characters of a quotation. */
const MAX_QUOTED = 40;
/** Characters of a line that are read. */
const MAX_LINE = 400;

/** Parses a line that begins with `/preview`; case does not matter. */
export function parseLine(line: string): Command | Misspelt {
  const asked = line
    .slice(0, MAX_LINE)
    .replace(/^\/preview[:,]?/i, '')
    // Copied text often has invisible characters; people read the command without them.
    .replace(/\p{Cf}/gu, '')
    .trim();
  const [, verb = '', rest = ''] = /^([a-z-]*)([\s\S]*)$/i.exec(asked) ?? [];
  const name = verb.toLowerCase();
  // `/preview` and `/preview?` mean help.
  const command = name === '' && /^[?.!]*$/.test(rest) ? VERBS.get('help') : VERBS.get(name);
  const quoted = asked.slice(0, MAX_QUOTED).toWellFormed();
  if (command === undefined) {
    // In quotes or marks, a verb is not a command, but it is clear what was meant.
    const [word = ''] = name === '' ? (/^[^a-z0-9]{1,4}([a-z]+)/i.exec(asked)?.slice(1) ?? []) : [name];
    const near = closest(word.toLowerCase(), [...VERBS.keys()]);
    return { text: quoted, meant: near === undefined ? null : `/preview ${near}` };
  }
  if (command.action !== 'extend') return isTalk(rest, command) ? command : { text: quoted, meant: `/preview ${name}` };
  const { seconds, after } = readTime(rest);
  if (isTalk(after, command)) return { action: 'extend', seconds };
  return { text: quoted, meant: name === 'keep' && !/\d/.test(rest) ? '/preview keep' : `/preview ${name} 4h` };
}

const UNITS: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60 };
const UNIT = /^\s*(\d{1,9})\s*(?:(d)(?:ays?)?|(h)(?:(?:ou)?rs?)?|(m)(?:in(?:ute)?s?)?)(?![a-z])/i;
/** A part that is followed directly by another: `1d12h`. */
const TOGETHER = /^\s*(\d{1,9})(?:(d)|(h)|(m))(?=\d)/i;

/** Reads a time such as `4h`, `1d12h`, `2 days` or `for 90 minutes`; null if the text does not begin with one. */
function readTime(text: string): { readonly seconds: number | null; readonly after: string } {
  let rest = text.replace(/^\s+(?:for|by)(?=\s)/i, '');
  let seconds = 0;
  for (;;) {
    const found = TOGETHER.exec(rest) ?? UNIT.exec(rest);
    if (found === null) break;
    const [all, count, ...units] = found;
    seconds += Number(count) * UNITS[units.find((unit) => unit !== undefined)!.toLowerCase()]!;
    rest = rest.slice(all.length);
  }
  // No time, or zero: the caller decides by the rest whether this is a command.
  return seconds > 0 ? { seconds, after: rest } : { seconds: null, after: text };
}

/** Polite words and fillers without a meaning. */
const COURTESY = new Set('please pls plz thanks thank you thx now again more longer'.split(' '));

/** Whether the text after a command can be ignored: polite words, or a separate sentence. */
function isTalk(text: string, { action }: Command): boolean {
  const isQuestion = action === 'help' || action === 'status';
  let rest = text;
  for (;;) {
    const [word = ''] = /^\s+[a-z]+(?![a-z0-9])/i.exec(rest) ?? [];
    if (!COURTESY.has(word.trim().toLowerCase())) break;
    rest = rest.slice(word.length);
  }
  if (rest.trim() === '' || /^[.,;:!)]+(?:\s|$)|^\s+(?:[(#]|(?:--?|\u2013|\u2014)\s)/.test(rest)) return true;
  return isQuestion && /^\s*\?/.test(rest);
}
