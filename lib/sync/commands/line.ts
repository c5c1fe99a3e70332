import { closest } from '../../model/load/suggest.ts';

/** What people can ask for in a comment. */
export type Command =
  | { readonly action: 'stop' }
  /** Also `start`: to start again and to try again are the same. */
  | { readonly action: 'retry' }
  /** @property seconds longer than it would live now; null for as long as can be asked for */
  | { readonly action: 'extend'; readonly seconds: number | null }
  /** To look again, and to say what is so. */
  | { readonly action: 'status' }
  | { readonly action: 'help' };

/** A line that begins with `/preview` and is no command. */
export interface Misspelt {
  /** What stands there after `/preview`, cut: foreign text. */
  readonly text: string;
  /** The command that was probably meant, as it has to be written; null where nobody can tell. */
  readonly meant: string | null;
}

/** Every verb, and what it stands for. */
const VERBS: ReadonlyMap<string, Command> = new Map([
  ['help', { action: 'help' }],
  ['status', { action: 'status' }],
  ['extend', { action: 'extend', seconds: null }],
  ['keep', { action: 'extend', seconds: null }],
  ['stop', { action: 'stop' }],
  ['start', { action: 'retry' }],
  ['retry', { action: 'retry' }],
]);

/** Longest text that is quoted, in characters. */
const MAX_QUOTED = 40;
/** A line is looked at no further than this. */
const MAX_LINE = 400;

/** What a line that begins with `/preview` asks for. Upper and lower case are one. */
export function parseLine(line: string): Command | Misspelt {
  const asked = line
    .slice(0, MAX_LINE)
    .replace(/^\/preview/i, '')
    .trim();
  const [, verb = '', rest = ''] = /^([a-z-]*)([\s\S]*)$/i.exec(asked) ?? [];
  const name = verb.toLowerCase();
  // `/preview` alone, and `/preview?`, ask what there is.
  const command = name === '' && /^[?.!]*$/.test(rest) ? VERBS.get('help') : VERBS.get(name);
  const quoted = asked.slice(0, MAX_QUOTED).toWellFormed();
  if (command === undefined) {
    const near = closest(name, [...VERBS.keys()]);
    return { text: quoted, meant: near === undefined ? null : `/preview ${near}` };
  }
  if (command.action !== 'extend') return isTalk(rest, command) ? command : { text: quoted, meant: `/preview ${name}` };
  const { seconds, after } = readTime(rest);
  if (isTalk(after, command)) return { action: 'extend', seconds };
  return { text: quoted, meant: name === 'keep' && !/\d/.test(rest) ? '/preview keep' : `/preview ${name} 4h` };
}

const UNITS: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60 };
const UNIT = /^\s*(\d{1,9})\s*(?:(d)(?:ays?)?|(h)(?:(?:ou)?rs?)?|(m)(?:in(?:ute)?s?)?)(?![a-z])/i;
/** The same where the parts are written together: `1d12h`. */
const TOGETHER = /^\s*(\d{1,9})(?:(d)|(h)|(m))(?=\d)/i;

/** A time such as `4h`, `1d12h`, `2 days` or `for 90 minutes`; null where the text does not begin with one. */
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
  // No time at all, or one of nothing: it is for the reader of the rest to say whether that is a command.
  return seconds > 0 ? { seconds, after: rest } : { seconds: null, after: text };
}

/** Words that ask for nothing else. */
const COURTESY = new Set('please pls plz thanks thank you thx now again more longer'.split(' '));

/** Whether the text behind a command asks for nothing: a courtesy, or a sentence set apart by a mark. */
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
