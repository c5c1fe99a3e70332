import type { PullComment } from '../../forge/forge.ts';
import { tickedBoxes } from '../../report/markers.ts';
import { type Command, type Misspelt, parseLine } from './line.ts';
import { shownLines } from './shown.ts';

export interface ParsedCommands {
  readonly commands: readonly Command[];
  /** Lines that begin with `/preview` but are not valid commands. */
  readonly misspelt: readonly Misspelt[];
}

/** Maximum number of commands that are read in one comment. */
const MAX_COMMANDS = 10;

/**
 * The commands of a comment: `/preview stop`, `/preview extend 4h`, each at the start of a line that people read as text
 * of the comment.
 */
export function parseCommands(text: string): ParsedCommands {
  const commands: Command[] = [];
  const misspelt: Misspelt[] = [];
  for (const line of shownLines(text)) {
    if (!/^\/preview(?:\s|[:,]\s|\?*$)/i.test(line)) continue;
    const command = parseLine(line);
    // The last command wins, so the last ones are kept.
    if ('action' in command) commands.splice(0, Math.max(0, commands.push(command) - MAX_COMMANDS));
    else if (misspelt.length < MAX_COMMANDS) misspelt.push(command);
  }
  return { commands, misspelt };
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
