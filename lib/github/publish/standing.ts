import type { PullRequest } from '../../forge/forge.ts';
import { checkNameOf, type Standing, type StatusNode, statusAmong } from './status.ts';

/** More pull requests than are handled at once. */
const MAX_KEPT = 1000;

/** Where the checks of pull requests stand, as the latest reading of each showed it. */
export class Standings {
  readonly #known = new Map<string, Standing>();

  /**
   * @param statuses of its head commit, one of each context
   * @param sharing numbers of open pull requests with the same head
   */
  note(pull: PullRequest, statuses: readonly StatusNode[], sharing: readonly number[]): void {
    const name = checkNameOf(pull.number, sharing);
    if (this.#known.size >= MAX_KEPT) this.#known.clear();
    this.#known.set(keyOf(pull), { name, status: statusAmong(statuses, name) });
  }

  of(pull: PullRequest): Standing {
    return this.#known.get(keyOf(pull)) ?? { name: checkNameOf(pull.number, []), status: undefined };
  }
}

const keyOf = ({ repository, number, head }: PullRequest) => `${repository.id}#${number}@${head.sha}`;
