import type { Clock } from '../../core/clock.ts';
import type { PullRequest } from '../../forge/forge.ts';
import type { StoredDeployment } from './deployment.ts';
import type { Thread } from './thread.ts';

/** Data that was fetched together with a pull request. */
export interface Prefetched {
  /** Undefined if it does not fit into one response. */
  readonly thread: Thread | undefined;
  readonly deployments?: { readonly environment: string; readonly nodes: readonly StoredDeployment[] } | undefined;
}

/** Prefetched data counts as fresh for this long. */
const FRESH_SECONDS = 20;
/** More pull requests than are handled at the same time. */
const MAX_PREFETCHED = 1000;

/** What was fetched together with pull requests. Each entry is used once. */
export class Prefetches {
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly at: number; readonly data: Prefetched }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  put(pull: PullRequest, data: Prefetched): void {
    if (this.#known.size >= MAX_PREFETCHED) this.#known.clear();
    this.#known.set(keyOf(pull), { at: this.#clock(), data });
  }

  /** Removes the entry; undefined if there is none, or it is not fresh. */
  take(pull: PullRequest): Prefetched | undefined {
    const known = this.#known.get(keyOf(pull));
    this.#known.delete(keyOf(pull));
    return known !== undefined && Math.abs(this.#clock() - known.at) <= FRESH_SECONDS ? known.data : undefined;
  }
}

const keyOf = ({ repository, number }: PullRequest) => `${repository.id}#${number}`;
