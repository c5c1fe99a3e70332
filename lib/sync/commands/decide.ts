import { extendedUntil } from '../../compile/lifetime.ts';
import type { Account, Answer, Override, OverrideRequest, PullComment, PullRequest } from '../../forge/forge.ts';
import { durationSeconds } from '../../model/scalars.ts';
import type { Base, SyncContext } from '../plan/base.ts';
import { planPreview } from '../plan/plan-preview.ts';
import { extensionOf } from '../plan/times.ts';
import { boxCommands, type Command, parseCommands } from './parse.ts';

/** What a comment comes to. */
export interface Decision {
  readonly answer: Answer;
  /** What is remembered from now on; null for nothing new. */
  readonly override: Override | null;
}

export const CONFUSED: Decision = { answer: 'confused', override: null };
const REFUSED: Decision = { answer: 'refused', override: null };

/**
 * What one comment asks for, remembered at the pull request's head where it is new.
 *
 * @param isDecided whether a run before this one has decided it, and only its answer is missing
 */
export async function decide(
  context: SyncContext,
  base: Base,
  pull: PullRequest,
  comment: PullComment,
  isDecided: boolean,
): Promise<Decision> {
  // What stands there now is the word of whoever edited it last.
  const person: Account | null = comment.editor ?? (comment.isOurs ? null : comment.author);
  if (person === null || person.isBot) return REFUSED;
  if (!(await context.forge.mayWrite(pull.repository, person.login))) return REFUSED;
  const commands = comment.isOurs ? boxCommands(comment.body) : parseCommands(comment.body).commands;
  // The last word counts; the commands before it would be undone by it.
  const command = commands.at(-1);
  if (command === undefined) return CONFUSED;
  if (isDecided) return { answer: 'done', override: null };

  const asked = comment.isOurs ? base.now : comment.createdAt;
  const request = await requestOf(context, base, pull, command, asked);
  if (request === 'nothing') return { answer: 'done', override: null };
  if (request === 'refused') return REFUSED;
  const override = await context.forge.override(pull, { ...request, by: person.login, commentId: comment.id });
  return { answer: 'done', override };
}

type Request = Pick<OverrideRequest, 'action' | 'until'>;

/** @param asked unix seconds; not the present, so that a second run asks for the same */
async function requestOf(
  context: SyncContext,
  base: Base,
  pull: PullRequest,
  command: Command,
  asked: number,
): Promise<Request | 'nothing' | 'refused'> {
  const earlier = extensionOf(pull.override);
  const kept = earlier === null ? 0 : extendedUntil(earlier, base.platform.ttl);
  const until = kept > asked ? kept : null;
  if (command.action === 'stop') return pull.override?.action === 'stop' ? 'nothing' : { action: 'stop', until };
  const { state } = await planPreview(context, base, pull);
  const isOver = state.state === 'none';
  if (command.action === 'retry') return isOver ? { action: 'start', until } : 'nothing';
  const max = durationSeconds(base.platform.ttl.max);
  const seconds = command.seconds ?? max;
  const end = state.state === 'committed' ? state.preview.expires : isOver ? asked : undefined;
  if (end === undefined) return 'refused';
  // A box asks for that long from now, a command for that much more than there is.
  const wanted = command.seconds === null ? asked + seconds : Math.max(end, asked) + seconds;
  const later = Math.max(kept, Math.min(wanted, asked + max));
  return later > end ? { action: 'extend', until: later } : 'refused';
}
