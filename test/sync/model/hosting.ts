import { formatTime, parseTime } from '../../../lib/core/clock.ts';
import { namesOf, type RepositoryRef } from '../../../lib/core/repository.ts';
import type { Account, Override, PullRequest } from '../../../lib/forge/forge.ts';
import type { EventState } from '../../../lib/forge/webhook.ts';
import type { ForgeFixture, PullFile } from '../../support/forge.ts';
import { pullOf } from '../../support/memory/forge.ts';
import { isBot, MEANINGS, type Meaning, PERMISSIONS } from './rule.ts';
import { type ForgeEvent, type Person, SAYINGS, VARIANTS, type Variant } from './steps.ts';

interface HostedRepository {
  readonly id: number;
  path: string;
  gone: boolean;
  /** Whether it had another name before: nothing leads from that one to it here. */
  moved: boolean;
  readonly pulls: Map<number, PullFile>;
  /** The state before the last change. */
  readonly earlier: Map<number, { readonly file: PullFile; readonly override: Override | null }>;
}

/** How people talk on a forge, and what it remembers of it. */
export interface Talk {
  allow(login: string, permission: string): void;
  /** Gives the comment's id. */
  say(repository: RepositoryRef, number: number, who: Account, body: string): number;
  /** Our comment. */
  comment(repository: RepositoryRef, number: number): string | null;
  /** Edits our comment. */
  edit(repository: RepositoryRef, number: number, who: Account, body: string): void;
  holdAt(repository: RepositoryRef, number: number, sha: string): Override | null;
  answersTo(repository: RepositoryRef, number: number, commentId: number): readonly unknown[];
}

export interface Comment {
  readonly repositoryId: number;
  readonly number: number;
  readonly id: number;
  readonly who: Person;
  readonly meaning: Meaning;
  /** Unix seconds. */
  readonly at: number;
}

export interface Delivery {
  readonly repository: RepositoryRef;
  readonly number: number;
  /** How new the forge's answers must be. */
  readonly seen: EventState;
}

/** What changes a pull request itself. */
type Change = Exclude<Extract<ForgeEvent, { pull: number }>, { do: 'say' | 'tick' }>;

const QUARTER_DAY = 6 * 3600;

/** The truth about repositories and pull requests, written through to a forge. */
export class Hosting {
  readonly #on: ForgeFixture & Talk;
  readonly repositories: HostedRepository[] = [];
  readonly variants = new Map<string, Variant>();
  readonly #committed = new Map<string, number>();
  /** All that ever was sent. */
  readonly sent: Delivery[] = [];
  /** What was sent and not handled yet. */
  readonly inbox: Delivery[] = [];
  /** By id. */
  readonly comments = new Map<number, Comment>();

  constructor(on: ForgeFixture & Talk) {
    this.#on = on;
    for (const [login, permission] of Object.entries(PERMISSIONS)) on.allow(login, permission);
    this.#found('acme/shop');
    this.#found('acme/store');
  }

  /** Every pull request, whether anybody can see it or not. */
  pulls(): { repository: HostedRepository; file: PullFile }[] {
    return this.repositories.flatMap((repository) =>
      [...repository.pulls.values()].map((file) => ({ repository, file })),
    );
  }

  pullRequest(repository: HostedRepository, file: PullFile): PullRequest {
    return pullOf(file, repository, this.#committed.get(file.head.sha) ?? null, this.#hold(repository, file));
  }

  #hold(repository: RepositoryRef, { number, head }: PullFile): Override | null {
    return this.#on.holdAt(repository, number, head.sha);
  }

  /** A pull request as it was before its last change; as it is when there was none. */
  earlier(pull: PullRequest): PullRequest {
    const repository = this.repositories.find(({ id }) => id === pull.repository.id);
    const earlier = repository?.earlier.get(pull.number);
    if (repository === undefined || earlier === undefined) return pull;
    return { ...this.pullRequest(repository, earlier.file), override: earlier.override };
  }

  /** Something was remembered at a pull request that was in this state. */
  remembered({ repository: { id }, number, override }: PullRequest): void {
    const repository = this.repositories.find((other) => other.id === id);
    const file = repository?.pulls.get(number);
    if (repository !== undefined && file !== undefined) repository.earlier.set(number, { file, override });
  }

  /** @param now unix seconds; the forge's own times are whole quarters of a day, so that few previews differ */
  happen(event: Exclude<ForgeEvent, { index: number }>, now: number): void {
    const time = Math.floor(now / QUARTER_DAY) * QUARTER_DAY;
    const there = this.repositories.filter(({ gone }) => !gone);
    const repositoryAt = (index: number) => there[index % there.length];
    if (event.do === 'found') this.#found(event.name);
    else if (event.do === 'move') this.#move(repositoryAt(event.repo), event.to);
    else if (event.do === 'vanish') this.#vanish(repositoryAt(event.repo));
    else if (event.do === 'open') this.#open(repositoryAt(event.repo), event, time);
    else {
      const pulls = this.pulls().filter(({ repository }) => !repository.gone);
      const target = pulls[event.pull % Math.max(pulls.length, 1)];
      if (target === undefined) return;
      const { repository, file } = target;
      if (event.do === 'say') this.#say(repository, file, event, now);
      else if (event.do === 'tick') this.#tick(repository, file, event);
      else this.#change(repository, file, event, time);
    }
  }

  #say(
    repository: HostedRepository,
    { number }: PullFile,
    { who, what, told }: Extract<ForgeEvent, { do: 'say' }>,
    now: number,
  ): void {
    const id = this.#on.say(repository, number, accountOf(who), SAYINGS[what]);
    const comment = { repositoryId: repository.id, number, id, who, meaning: MEANINGS[what], at: now };
    this.comments.set(id, comment);
    if (told) this.#send(repository, number);
  }

  #tick(repository: HostedRepository, { number }: PullFile, { who, told }: Extract<ForgeEvent, { do: 'tick' }>): void {
    const comment = this.#on.comment(repository, number);
    if (!comment?.includes('- [ ]')) return;
    this.#on.edit(repository, number, accountOf(who), comment.replaceAll('- [ ]', '- [x]'));
    if (told) this.#send(repository, number);
  }

  #found(fullName: string): void {
    const [owner = '', name = ''] = fullName.split('/');
    if (this.#at(fullName) !== undefined) return;
    const id = 101 + this.repositories.length;
    this.repositories.push({ id, path: fullName, gone: false, moved: false, pulls: new Map(), earlier: new Map() });
    this.#on.repository(owner, name, { 'README.md': `Repository ${id}\n` });
  }

  #at(fullName: string): HostedRepository | undefined {
    return this.repositories.find(({ path, gone }) => !gone && path === fullName);
  }

  #move(repository: HostedRepository | undefined, to: string): void {
    if (repository === undefined || this.#at(to) !== undefined) return;
    this.#on.move(repository.path, to);
    repository.path = to;
    repository.moved = true;
  }

  #vanish(repository: HostedRepository | undefined): void {
    if (repository === undefined) return;
    repository.gone = true;
    this.#on.remove(repository.path);
  }

  #open(
    repository: HostedRepository | undefined,
    { number, variant, fork }: Extract<ForgeEvent, { do: 'open' }>,
    time: number,
  ): void {
    if (repository === undefined) return;
    const existing = repository.pulls.get(number);
    if (existing !== undefined) {
      this.#change(repository, existing, { do: 'push', pull: 0, variant }, time);
      return;
    }
    const head = this.#commit(repository, variant, time);
    const { owner, name } = namesOf(repository);
    const file = this.#on.pull(owner, name, {
      number,
      repositoryId: repository.id,
      head: { sha: head, ref: `change-${number}`, repositoryId: fork ? 9 : repository.id },
      createdAt: formatTime(time),
      updatedAt: formatTime(time),
    });
    repository.pulls.set(number, file);
    this.#send(repository, number);
  }

  #commit(repository: HostedRepository, variant: Variant, time: number): string {
    const { owner, name } = namesOf(repository);
    if (variant === 'lost') {
      const sha = String(this.variants.size).padStart(40, 'f');
      this.variants.set(sha, variant);
      return sha;
    }
    // Each head is a commit of its own; the file beside it makes it one also when nothing else changed.
    const sha = this.#on.repository(owner, name, { ...VARIANTS[variant], 'what.txt': variant }, time);
    this.variants.set(sha, variant);
    this.#committed.set(sha, time);
    return sha;
  }

  #change(repository: HostedRepository, file: PullFile, event: Change, time: number): void {
    const next = { ...file, ...this.#edit(repository, file, event, time), updatedAt: formatTime(time) };
    next.closedAt = next.state === 'closed' ? next.updatedAt : null;
    repository.earlier.set(file.number, { file, override: this.#hold(repository, file) });
    repository.pulls.set(file.number, next);
    const { owner, name } = namesOf(repository);
    this.#on.pull(owner, name, next);
    this.#send(repository, file.number);
  }

  #edit(repository: HostedRepository, file: PullFile, event: Change, time: number): Partial<PullFile> {
    switch (event.do) {
      case 'push':
        return { head: { ...file.head, sha: this.#commit(repository, event.variant, time) } };
      case 'label':
        return { labels: ['preview'] };
      case 'unlabel':
        return { labels: [] };
      case 'draft':
        return { draft: true };
      case 'ready':
        return { draft: false };
      case 'close':
        return { state: 'closed' };
      case 'merge':
        return { state: 'closed', merged: true };
      case 'reopen':
        return file.merged ? {} : { state: 'open' };
    }
  }

  #send({ path, pulls }: HostedRepository, number: number): void {
    const { updatedAt, head } = pulls.get(number)!;
    const seen = { updatedAt: parseTime(updatedAt)!, headSha: head.sha };
    const delivery = { repository: { path }, number, seen };
    this.sent.push(delivery);
    this.inbox.push(delivery);
  }
}

function accountOf(login: Person): Account {
  return { login, isBot: isBot(login) };
}
