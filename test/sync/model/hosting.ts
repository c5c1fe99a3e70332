import { formatTime } from '../../../lib/core/clock.ts';
import type { PullRequest, RepositoryRef } from '../../../lib/forge/forge.ts';
import type { ForgeFixture, PullFile } from '../../support/forge.ts';
import { pullOf } from '../../support/memory/forge.ts';
import { type ForgeEvent, VARIANTS, type Variant } from './steps.ts';

interface HostedRepository {
  readonly id: number;
  owner: string;
  name: string;
  gone: boolean;
  readonly pulls: Map<number, PullFile>;
  /** The state before the last change. */
  readonly earlier: Map<number, PullFile>;
}

export interface Delivery {
  readonly repository: RepositoryRef;
  readonly number: number;
}

const QUARTER_DAY = 6 * 3600;

/** The truth about repositories and pull requests, written through to a forge. */
export class Hosting {
  readonly #on: ForgeFixture;
  readonly repositories: HostedRepository[] = [];
  readonly variants = new Map<string, Variant>();
  readonly #committed = new Map<string, number>();
  /** All that ever was sent. */
  readonly sent: Delivery[] = [];
  /** What was sent and not handled yet. */
  readonly inbox: Delivery[] = [];

  constructor(on: ForgeFixture) {
    this.#on = on;
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
    return pullOf(file, repository, this.#committed.get(file.head.sha) ?? null);
  }

  /** A pull request as it was before its last change; as it is when there was none. */
  earlier(pull: PullRequest): PullRequest {
    const repository = this.repositories.find(({ id }) => id === pull.repository.id);
    const file = repository?.earlier.get(pull.number);
    return repository === undefined || file === undefined ? pull : this.pullRequest(repository, file);
  }

  /** @param now unix seconds; the forge's own times are whole quarters of a day, so that few previews differ */
  happen(event: ForgeEvent, now: number): void {
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
      if (target !== undefined) this.#change(target.repository, target.file, event, time);
    }
  }

  #found(fullName: string): void {
    const [owner = '', name = ''] = fullName.split('/');
    if (this.#at(fullName) !== undefined) return;
    const id = 101 + this.repositories.length;
    this.repositories.push({ id, owner, name, gone: false, pulls: new Map(), earlier: new Map() });
    this.#on.repository(owner, name, { 'README.md': `Repository ${id}\n` });
  }

  #at(fullName: string): HostedRepository | undefined {
    return this.repositories.find(({ owner, name, gone }) => !gone && `${owner}/${name}` === fullName);
  }

  #move(repository: HostedRepository | undefined, to: string): void {
    if (repository === undefined || this.#at(to) !== undefined) return;
    this.#on.move(`${repository.owner}/${repository.name}`, to);
    [repository.owner = '', repository.name = ''] = to.split('/');
  }

  #vanish(repository: HostedRepository | undefined): void {
    if (repository === undefined) return;
    repository.gone = true;
    this.#on.remove(`${repository.owner}/${repository.name}`);
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
    const file = this.#on.pull(repository.owner, repository.name, {
      number,
      repositoryId: repository.id,
      head: { sha: head, ref: `change-${number}`, repositoryId: fork ? 9 : repository.id },
      createdAt: formatTime(time),
      updatedAt: formatTime(time),
    });
    repository.pulls.set(number, file);
    this.#send(repository, number);
  }

  #commit({ owner, name }: HostedRepository, variant: Variant, time: number): string {
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

  #change(
    repository: HostedRepository,
    file: PullFile,
    event: Extract<ForgeEvent, { pull: number }>,
    time: number,
  ): void {
    const next = { ...file, ...this.#edit(repository, file, event, time), updatedAt: formatTime(time) };
    next.closedAt = next.state === 'closed' ? next.updatedAt : null;
    repository.earlier.set(file.number, file);
    repository.pulls.set(file.number, next);
    this.#on.pull(repository.owner, repository.name, next);
    this.#send(repository, file.number);
  }

  #edit(
    repository: HostedRepository,
    file: PullFile,
    event: Extract<ForgeEvent, { pull: number }>,
    time: number,
  ): Partial<PullFile> {
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

  #send({ owner, name }: HostedRepository, number: number): void {
    const delivery = { repository: { owner, name }, number };
    this.sent.push(delivery);
    this.inbox.push(delivery);
  }
}
