import { isDeepStrictEqual } from 'node:util';
import { namesOf } from '../../../lib/core/repository.ts';
import type { CommandReaction, Override, OverrideRequest, PullComment, PullRequest } from '../../../lib/forge/forge.ts';
import type { Comment, Hosting, Talk } from './hosting.ts';
import { answersFor, COMMENT_AGE, isBot, isEligible, isSource, mayAsk, wantedHold } from './rule.ts';
import type { Happening } from './simulation.ts';
import { keyOf, type Worker } from './stage.ts';

/** A comment that was answered with `done`, and the head that it was done at. */
interface Done {
  readonly comment: Comment;
  readonly headSha: string;
}

/** Holds what is remembered of commands, every answer, and what came of them in the end, against the rule (rule.ts). */
export class Talks {
  readonly #hosting: Hosting;
  readonly #talk: Talk;
  readonly #now: () => number;
  readonly #happened: Set<Happening>;
  /** The latest at each pull request. */
  readonly #holds = new Map<string, { readonly worker: Worker; readonly calls: number }>();
  /** What was remembered first for a comment, by pull request, head and comment. */
  readonly #first = new Map<string, OverrideRequest>();
  /** Heads of pull requests where a box was ticked and counted. */
  readonly #boxes = new Set<string>();
  readonly #done = new Map<string, Done[]>();
  /**
   * Pull requests that two workers dealt with at once, or one that was told old news: what is remembered there is what the
   * last of them made of what it had read.
   */
  readonly #contested = new Set<string>();

  constructor(hosting: Hosting, talk: Talk, now: () => number, happened: Set<Happening>) {
    this.#hosting = hosting;
    this.#talk = talk;
    this.#now = now;
    this.#happened = happened;
  }

  async watchHold(
    worker: Worker,
    pull: PullRequest,
    request: OverrideRequest,
    calls: number,
    override: () => Promise<Override>,
  ): Promise<Override> {
    const key = keyOf(pull.repository.id, pull.number);
    this.#contest(key, worker);
    this.#justify(key, worker, pull, request);
    const before = this.#held(pull);
    try {
      const made = await override();
      worker.held.set(key, { headSha: pull.head.sha, override: made });
      return made;
    } finally {
      if (this.#held(pull) !== before) {
        this.#holds.set(key, { worker, calls });
        this.#hosting.remembered({ ...pull, override: before });
        if (!this.#hosting.comments.has(request.commentId)) this.#happened.add('a box was dealt with');
      }
    }
  }

  #held({ repository, number, head }: PullRequest): Override | null {
    return this.#talk.holdAt(repository, number, head.sha);
  }

  #contest(key: string, worker: Worker): void {
    const latest = this.#holds.get(key);
    const since = worker.threads.get(key)?.since ?? 0;
    const isOvertaken = latest !== undefined && latest.worker !== worker && latest.calls > since;
    if (isOvertaken || worker.misled.has(key)) this.#contested.add(key);
  }

  /** Somebody who may asked for exactly this, and nobody has been given it before. */
  #justify(key: string, worker: Worker, pull: PullRequest, request: OverrideRequest): void {
    const read = worker.threads.get(key)?.comments.find(({ id }) => id === request.commentId);
    if (read === undefined || read.isAnswered) throw new Error(`${key}: ${request.action} without a comment that asks`);
    if (!isEligible(pull)) throw new Error(`${key}: ${request.action}, though it can have no preview`);
    const { who, meaning, at } = this.#asked(key, read);
    if (isBot(who) || !mayAsk(who) || request.by !== who) throw new Error(`${key}: ${request.action} by ${who}`);
    const variant = this.#hosting.variants.get(pull.head.sha)!;
    const wanted = [meaning].flat().map((one) => wantedHold(pull, variant, one, at, this.#now()));
    const { action, until } = request;
    if (!wanted.some((one) => isDeepStrictEqual(one, { action, until }))) {
      throw new Error(`${key}: ${action} until ${until}, where the rule is ${JSON.stringify(wanted)}`);
    }
    if (read.isOurs) {
      this.#boxes.add(`${key} ${pull.head.sha}`);
      return;
    }
    const once = `${key} ${pull.head.sha} ${request.commentId}`;
    const first = this.#first.get(once) ?? request;
    this.#first.set(once, first);
    // A box is dealt with after all comments, and again when they are: it has the last word in any case.
    const hasBox = this.#boxes.has(`${key} ${pull.head.sha}`);
    if (first.until !== until && !hasBox && !this.#contested.has(key)) {
      throw new Error(`${key}: comment ${request.commentId} was given ${first.until}, and then ${until}`);
    }
  }

  #asked(key: string, read: PullComment) {
    if (read.isOurs) {
      const keep = read.body.includes('- [x]') && read.body.includes('greenroom:keep') ? (['keep'] as const) : [];
      const start = read.body.includes('- [x]') && read.body.includes('greenroom:start') ? (['retry'] as const) : [];
      return { who: read.editor?.login ?? '', meaning: [...keep, ...start], at: this.#now() };
    }
    const comment = this.#hosting.comments.get(read.id);
    if (comment === undefined || keyOf(comment.repositoryId, comment.number) !== key) {
      throw new Error(`${key}: comment ${read.id} is of another pull request`);
    }
    return comment;
  }

  watchAnswer(worker: Worker, pull: PullRequest, commentId: number, answer: CommandReaction): void {
    const key = keyOf(pull.repository.id, pull.number);
    const read = worker.threads.get(key)?.comments.find(({ id }) => id === commentId);
    if (read === undefined || read.isOurs || read.isAnswered || worker.answered.has(commentId)) {
      throw new Error(`${key}: comment ${commentId} has its answer already`);
    }
    worker.answered.add(commentId);
    this.#contest(key, worker);
    const comment = this.#hosting.comments.get(commentId)!;
    const allowed = answersFor(pull, comment.who, comment.meaning);
    if (!allowed.includes(answer)) throw new Error(`${key}: ${answer}, where the rule is ${allowed.join(' or ')}`);
    if (this.#now() > comment.at + COMMENT_AGE) throw new Error(`${key}: comment ${commentId} is too old`);
    if (answer === 'done') this.#done.set(key, [...(this.#done.get(key) ?? []), { comment, headSha: pull.head.sha }]);
    if (answer === 'refused' && !mayAsk(comment.who)) this.#happened.add('somebody was refused');
    if (answer === 'confused' && mayAsk(comment.who)) this.#happened.add('something was not understood');
  }

  /**
   * Everything that was asked for has its answer, and the last word that was done is what is remembered.
   *
   * @param previews that there are
   */
  settle(previews: readonly { readonly name: string; readonly key: string }[]): void {
    for (const { repository, file } of this.#hosting.pulls()) {
      const pull = this.#hosting.pullRequest(repository, file);
      // Of what is closed nobody asks any more, and who waits for a name fails.
      const isSeen = !repository.gone && pull.state === 'open' && isSource(pull);
      const key = keyOf(repository.id, file.number);
      const isBlocked = previews.some(
        (one) => one.name === `pr-${namesOf(repository).name}-${file.number}` && one.key !== key,
      );
      if (isSeen && !isBlocked) this.#checkAnswers(pull);
      if (isSeen && !this.#contested.has(key)) this.#checkLastWord(key, pull);
    }
  }

  #checkAnswers(pull: PullRequest): void {
    for (const { repositoryId, number, id, who, meaning, at } of this.#hosting.comments.values()) {
      if (repositoryId !== pull.repository.id || number !== pull.number) continue;
      const answers = this.#talk.answersTo(pull.repository, number, id);
      const owed = answersFor(pull, who, meaning).length > 0 && this.#now() <= at + COMMENT_AGE;
      if (owed && answers.length === 0) throw new Error(`comment ${id} of ${number} was never answered`);
    }
    const ticked = this.#talk.comment(pull.repository, pull.number)?.includes('- [x]');
    if (ticked) throw new Error(`a box of ${pull.repository.path}#${pull.number} is still ticked`);
  }

  #checkLastWord(key: string, { head, override }: PullRequest): void {
    const all = (this.#done.get(key) ?? []).filter(({ headSha }) => headSha === head.sha);
    // A look changes nothing.
    const done = all.filter(({ comment }) => comment.meaning !== 'look');
    if (done.length === 0 || this.#boxes.has(`${key} ${head.sha}`)) return;
    const last = done.map(({ comment }) => comment).reduce((a, b) => (b.id > a.id ? b : a));
    const { meaning, id } = last;
    // A later one was remembered, and then it got another answer: its pull request can have no preview by now.
    if (override !== null && override.commentId > id) return;
    const isKept =
      meaning === 'stop'
        ? override?.action === 'stop'
        : meaning === 'retry'
          ? override?.action !== 'stop'
          : override?.action === 'extend' && override.commentId === id;
    if (!isKept) throw new Error(`${key}: the last word was ${JSON.stringify(meaning)}, and it was forgotten`);
  }
}
