import { extendedUntil } from '../../compile/lifetime.ts';
import type {
  Account,
  CommandReaction,
  Override,
  OverrideRequest,
  PullComment,
  PullRequest,
} from '../../forge/forge.ts';
import { durationSeconds } from '../../model/scalars.ts';
import type { Answered, Reply } from '../../report/answered.ts';
import type { PreviewState } from '../../report/state.ts';
import type { Base, SyncContext } from '../plan/base.ts';
import { planPreview } from '../plan/plan-preview.ts';
import { extensionOf } from '../plan/times.ts';
import type { Command } from './line.ts';
import { boxCommands, parseCommands } from './parse.ts';

/** Result of a comment. */
export interface Decision {
  readonly answer: CommandReaction;
  /** The new override to store; null if nothing changes. */
  readonly override: Override | null;
  /** Replies in words. */
  readonly replies: readonly Reply[];
  /** Whether to probe the address as well. */
  readonly look: boolean;
}

/** A comment and its context. */
export interface CommentContext {
  readonly pull: PullRequest;
  readonly comment: PullComment;
  /** Whether an earlier run already decided it, and only the answer is missing. */
  readonly isDecided: boolean;
  /** Why this pull request gets no preview, one sentence; null if it gets one. */
  readonly refusal: string | null;
}

/** Carries out the commands of one comment; a new override is stored at the head commit. */
export async function decide(context: SyncContext, base: Base, asked: CommentContext): Promise<Decision> {
  const { pull, comment, isDecided, refusal } = asked;
  const nothing = { override: null, look: false } as const;
  // The last editor is responsible for the current text.
  const person: Account | null = comment.editor ?? (comment.isOurs ? null : comment.author);
  if (person === null || person.isBot) return { ...nothing, answer: 'refused', replies: [] };
  const say = (answered: Answered): Reply => ({ to: person.login, answered });
  if (!(await context.forge.mayWrite(pull.repository, person.login))) {
    return { ...nothing, answer: 'refused', replies: [say({ kind: 'not-allowed' })] };
  }
  const { commands, misspelt } = comment.isOurs
    ? { commands: boxCommands(comment.body), misspelt: [] }
    : parseCommands(comment.body);
  const helps = commands.some(({ action }) => action === 'help') ? [say({ kind: 'help' })] : [];
  const unclear = misspelt.map(({ text, meant }) => say({ kind: 'misspelt', text, meant }));
  if (refusal !== null && commands.some(({ action }) => action !== 'help')) {
    return {
      ...nothing,
      answer: 'confused',
      replies: [say({ kind: 'no-preview', why: refusal }), ...helps, ...unclear],
    };
  }
  if (commands.length === 0) return { ...nothing, answer: 'confused', replies: unclear };
  if (isDecided) return { ...nothing, answer: 'done', replies: [] };
  const done = await carryOut(context, base, asked, commands, person);
  const replies = [...done.said.map(say), ...helps, ...unclear];
  return { answer: done.answer, override: done.override, look: done.look, replies };
}

interface Done extends Omit<Decision, 'replies'> {
  readonly said: readonly Answered[];
}

/** The last command that changes something wins: it would undo the earlier ones. */
async function carryOut(
  context: SyncContext,
  base: Base,
  { pull, comment }: CommentContext,
  commands: readonly Command[],
  person: Account,
): Promise<Done> {
  const look = commands.some(({ action }) => action === 'status');
  const looked: Answered[] = look ? [{ kind: 'looked', at: base.now }] : [];
  const command = commands.findLast(({ action }) => action !== 'help' && action !== 'status');
  if (command === undefined) return { answer: 'done', override: null, look, said: looked };
  const asked = comment.isOurs ? base.now : comment.createdAt;
  const outcome = await outcomeOf(context, base, pull, command, asked);
  const said = [...outcome.said, ...looked];
  if (outcome.request === null) {
    return { answer: outcome.isRefused ? 'refused' : 'done', override: null, look: look || !outcome.isRefused, said };
  }
  const request = { ...outcome.request, by: person.login, commentId: comment.id };
  return { answer: 'done', override: await context.forge.override(pull, request), look, said };
}

/** Result of a command. */
interface Outcome {
  /** The override to store; null if nothing changes. */
  readonly request: Pick<OverrideRequest, 'action' | 'until'> | null;
  readonly isRefused: boolean;
  readonly said: readonly Answered[];
}

const refused = (said: Answered): Outcome => ({ request: null, isRefused: true, said: [said] });
const nothingNew = (said: Answered): Outcome => ({ request: null, isRefused: false, said: [said] });

/** @param asked unix seconds: time of the comment, so that a second run gets the same result */
async function outcomeOf(
  context: SyncContext,
  base: Base,
  pull: PullRequest,
  command: Command,
  asked: number,
): Promise<Outcome> {
  const earlier = extensionOf(pull.override);
  const kept = earlier === null ? 0 : extendedUntil(earlier, base.platform.ttl);
  const until = kept > asked ? kept : null;
  if (command.action === 'stop') {
    if (pull.override?.action === 'stop') return nothingNew({ kind: 'stopped-already' });
    return { request: { action: 'stop', until }, isRefused: false, said: [] };
  }
  const { state } = await planPreview(context, base, pull);
  const why = whyNone(state);
  if (why !== null) return refused({ kind: 'no-preview', why });
  if (command.action === 'extend') return extension(base, state, command.seconds, { kept, asked });
  if (state.state !== 'none') return nothingNew({ kind: 'looked', at: base.now });
  return { request: { action: 'start', until }, isRefused: false, said: [] };
}

/** Why no command can start a preview; null if one can, or if the preview exists. */
function whyNone(state: PreviewState): string | null {
  if (state.state === 'no-file') return 'There is no preview.yaml at this commit.';
  const canStart = state.state !== 'none' || state.reason === 'expired' || state.reason === 'stopped';
  return canStart ? null : state.sentence;
}

/** @param times unix seconds: end of the current extension, and time of the comment */
function extension(
  { platform }: Base,
  state: PreviewState,
  seconds: number | null,
  { kept, asked }: { readonly kept: number; readonly asked: number },
): Outcome {
  const max = durationSeconds(platform.ttl.max);
  const end = state.state === 'committed' ? state.preview.expires : state.state === 'none' ? asked : undefined;
  if (end === undefined) return refused({ kind: 'nothing-to-extend', live: 'live' in state && state.live !== null });
  // Without a time: the maximum from now. With a time: that much after the current end.
  const wanted = seconds === null ? asked + max : Math.max(end, asked) + seconds;
  const later = Math.max(kept, Math.min(wanted, asked + max));
  if (later <= end) return refused({ kind: 'longest', until: end });
  const said: Answered[] = seconds !== null && wanted > later ? [{ kind: 'capped', asked: seconds, until: later }] : [];
  return { request: { action: 'extend', until: later }, isRefused: false, said };
}
