import type { PullComment } from '../../forge/forge.ts';
import { tickedBoxes } from '../../report/markers.ts';
import { type Command, type Misspelt, parseLine } from './line.ts';

export interface ParsedCommands {
  readonly commands: readonly Command[];
  /** Lines that begin with `/preview` but are not valid commands. */
  readonly misspelt: readonly Misspelt[];
}

/** Maximum number of commands that are read in one comment. */
const MAX_COMMANDS = 10;

/**
 * The commands of a comment: `/preview stop`, `/preview extend 4h`, each at the start of a line. Quoted, indented and
 * fenced lines are ignored, and so are those in HTML comments, `<pre>`, `<details>` and similar elements.
 */
export function parseCommands(text: string): ParsedCommands {
  const commands: Command[] = [];
  const misspelt: Misspelt[] = [];
  let fence: string | null = null;
  let hidden: Hidden | null = null;
  for (const line of text.split(/\r?\n/)) {
    const isHidden: boolean = hidden !== null;
    // A fence inside hidden text does not count.
    const mark: RegExpExecArray | null = isHidden ? null : /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
    if (mark !== null && fence === null) fence = mark[1]!;
    else if (mark !== null && fence !== null && mark[1]!.startsWith(fence) && mark[2]!.trim() === '') fence = null;
    if (fence === null && mark === null) hidden = hiddenAfter(line, hidden);
    if (isHidden || mark !== null || fence !== null || !/^\/preview(?:\s|\?*$)/i.test(line)) continue;
    const command = parseLine(line);
    // The last command wins, so the last ones are kept.
    if ('action' in command) commands.splice(0, Math.max(0, commands.push(command) - MAX_COMMANDS));
    else if (misspelt.length < MAX_COMMANDS) misspelt.push(command);
  }
  return { commands, misspelt };
}

/** What hides text: an HTML comment, or an element, which can be nested in another of its name. */
interface Hidden {
  /** `--`, `?` or `[` for a comment or another mark that is not shown. */
  readonly name: string;
  readonly depth: number;
}

/** Elements whose text is quoted, struck out, folded away or not shown, and what CommonMark takes for HTML that is no element. */
const MARKS =
  /<!--|-->|<\?|\?>|<!\[cdata\[|\]\]>|<(\/?)(pre|details|blockquote|textarea|script|style|template|code|samp|kbd|xmp|q|s|del|strike)(?=[\s>/]|$)/g;
/** What the marks without an element begin or end. */
const PLAIN_MARKS: ReadonlyMap<string, { readonly name: string; readonly closes: boolean }> = new Map([
  ['<!--', { name: '--', closes: false }],
  ['-->', { name: '--', closes: true }],
  ['<?', { name: '?', closes: false }],
  ['?>', { name: '?', closes: true }],
  ['<![cdata[', { name: '[', closes: false }],
  [']]>', { name: '[', closes: true }],
]);

/** What hides the text after a line; null if nothing does. @param before what hid the line itself */
function hiddenAfter(line: string, before: Hidden | null): Hidden | null {
  // Tags in a code span do not count.
  const text = line.toLowerCase().replaceAll(/`[^`]*`/g, '');
  let hidden = before;
  for (const [mark, slash, element = ''] of text.matchAll(MARKS)) {
    const plain = PLAIN_MARKS.get(mark);
    const { name, closes } = plain ?? { name: element, closes: slash === '/' };
    if (hidden === null) hidden = closes ? null : { name, depth: 1 };
    else if (hidden.name !== name) continue;
    else if (!closes) hidden = plain === undefined ? { ...hidden, depth: hidden.depth + 1 } : hidden;
    else hidden = hidden.depth === 1 ? null : { ...hidden, depth: hidden.depth - 1 };
  }
  return hidden;
}

/** The commands of the boxes that are ticked in our comment. */
export function boxCommands(comment: string): Command[] {
  return tickedBoxes(comment).map((box) =>
    box === 'keep' ? { action: 'extend', seconds: null } : { action: 'retry' },
  );
}

/** Commands are also found later if a delivery got lost; comments older than this many seconds are ignored. */
const MAX_AGE = 24 * 3600;

/** Whether a comment has a command, or a ticked box, without an answer. */
export function isUnanswered(comment: PullComment, now: number): boolean {
  if (comment.isOurs) return tickedBoxes(comment.body).length > 0;
  if (comment.isAnswered || comment.author === null || comment.author.isBot) return false;
  if (now - comment.createdAt > MAX_AGE) return false;
  const { commands, misspelt } = parseCommands(comment.body);
  return commands.length + misspelt.length > 0;
}
