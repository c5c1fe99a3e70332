import type { SyncResult } from '../sync/sync.ts';

/** The data of one pull request that metrics count. */
interface Counted {
  readonly state: string;
  readonly cost: { readonly currency: string; readonly perDay: number } | null;
}

/** Something whose duration is measured: a commit that should be ready, or a preview that should be gone. */
interface Begun {
  readonly what: 'ready' | 'gone';
  /** The pull request's head commit. */
  readonly headSha: string | null;
  /** Unix seconds. */
  readonly at: number;
}

/** After this time the measurement is dropped. */
const GIVEN_UP_SECONDS = 86_400;

/** A finished measurement. */
export interface Took {
  readonly what: 'ready' | 'gone';
  readonly seconds: number;
}

/**
 * The previews, for metrics only: the last result of each pull request that this process has seen. A sweep sees all of
 * them.
 */
export class Previews {
  readonly #counted = new Map<string, Counted>();
  readonly #begun = new Map<string, Begun>();

  /**
   * @param key of the pull request
   * @param at unix seconds: when the change was reported
   */
  note(key: string, result: SyncResult, at: number, now: number): Took | null {
    const counted = countedOf(result);
    if (counted === null) this.#counted.delete(key);
    else this.#counted.set(key, counted);
    return this.#progress(key, result, at, now);
  }

  /** Replaces everything by the results of a sweep, which covers all pull requests. */
  replace(results: readonly (readonly [key: string, result: SyncResult])[], now: number): Took[] {
    this.#counted.clear();
    // No more results are expected for it.
    for (const [key, { at }] of this.#begun) if (now - at > GIVEN_UP_SECONDS) this.#begun.delete(key);
    return results.flatMap(([key, result]) => this.note(key, result, now, now) ?? []);
  }

  byState(): ReadonlyMap<string, number> {
    return sums([...this.#counted.values()].map(({ state }) => [state, 1]));
  }

  costPerDay(): ReadonlyMap<string, number> {
    return sums(
      [...this.#counted.values()].flatMap(({ cost }) => (cost === null ? [] : [[cost.currency, cost.perDay]])),
    );
  }

  #progress(key: string, { effect, commit, state, status }: SyncResult, at: number, now: number): Took | null {
    if (commit !== null && effect !== 'none') {
      const what = effect === 'remove' ? 'gone' : 'ready';
      this.#begun.set(key, { what, headSha: headOf(state), at });
    }
    const begun = this.#begun.get(key);
    if (begun === undefined || status?.state !== begun.what) return null;
    // Ready is the new commit only: an answer may be one of an earlier commit.
    const isIts = status.commit === begun.headSha && status.mayShow === undefined;
    if (begun.what === 'ready' && !isIts) return null;
    this.#begun.delete(key);
    return { what: begun.what, seconds: Math.max(0, now - begun.at) };
  }
}

const headOf = (state: SyncResult['state']) => (state.state === 'committed' ? state.preview.headSha : null);

/** Null for a pull request without a preview that does not wait for one either. */
function countedOf({ state, status }: SyncResult): Counted | null {
  const live = state.state === 'committed' ? state.preview : 'live' in state ? state.live : null;
  const cost = live === null ? null : live.cost;
  switch (state.state) {
    case 'committed':
      return { state: status?.state ?? 'committed', cost };
    case 'none':
    case 'no-file':
      return status?.state === 'ending' ? { state: 'ending', cost } : null;
    default:
      return { state: state.state, cost };
  }
}

function sums(pairs: readonly (readonly [string, number])[]): ReadonlyMap<string, number> {
  const all = new Map<string, number>();
  for (const [key, value] of pairs) all.set(key, (all.get(key) ?? 0) + value);
  return all;
}
