import type { PullRequest } from '../../forge/forge.ts';
import { checkNameOf, type KnownCheck, type StatusNode, statusAmong } from './status.ts';

/** More pull requests than are handled at the same time. */
const MAX_KEPT = 1000;

/** Name and last written status of each pull request's check, from its latest reading. */
export class KnownChecks {
  readonly #known = new Map<string, KnownCheck>();

  /**
   * @param statuses statuses of its head commit, one for each context
   * @param sharing numbers of open pull requests with the same head
   */
  note(pull: PullRequest, statuses: readonly StatusNode[], sharing: readonly number[]): void {
    const name = checkNameOf(pull.number, sharing);
    if (this.#known.size >= MAX_KEPT) this.#known.clear();
    this.#known.set(keyOf(pull), { name, status: statusAmong(statuses, name) });
  }

  of(pull: PullRequest): KnownCheck {
    return this.#known.get(keyOf(pull)) ?? { name: checkNameOf(pull.number, []), status: undefined };
  }
}

const keyOf = ({ repository, number, head }: PullRequest) => `${repository.id}#${number}@${head.sha}`;
