import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import type { PullRequest } from '../../forge/forge.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { count } from '../../report/text.ts';
import type { Base } from '../plan/base.ts';

/** What the forge's lists say about repositories. Paths and owners are in lower case. */
export class ListedRepositories {
  /** Repositories in a list, complete or not. */
  readonly #named = new Set<string>();
  readonly #complete = new Set<string>();
  /** Owners of whom all repositories were listed. */
  readonly #owners = new Set<string>();

  repository({ path }: RepositoryRef, isComplete: boolean): void {
    this.#named.add(path.toLowerCase());
    if (isComplete) this.#complete.add(path.toLowerCase());
  }

  /** The list of a source was read to its end. */
  source({ owner, repos }: PlatformSpec['sources'][number]): void {
    if (repos === undefined) this.#owners.add(owner.toLowerCase());
  }

  /** Whether the list of the repository's open pull requests is complete. */
  isComplete(path: string): boolean {
    return this.#complete.has(path.toLowerCase());
  }

  /** The list that should have shown a pull request of this repository; null if there is none. */
  listThatLacks(repository: RepositoryRef): string | null {
    if (this.isComplete(repository.path)) return 'open pull requests';
    const isMissing = !this.#named.has(repository.path.toLowerCase());
    const { owner } = namesOf(repository);
    return isMissing && this.#owners.has(owner.toLowerCase()) ? `repositories of ${owner}` : null;
  }
}

/** In seconds. A correct list may lack a pull request that was opened or reopened this recently. */
const JUST_NOW = 120;
/** Maximum number of pull requests in one sentence. */
const NAMED = 5;

/**
 * One sentence for each repository with open pull requests that a list lacks although it was complete: then others may
 * be missing as well, and they get no previews.
 *
 * @param looked pull requests that were not in a list, as a look-up of each showed them
 */
export function listContradictions(
  looked: readonly PullRequest[],
  listed: ListedRepositories,
  { now }: Pick<Base, 'now'>,
): string[] {
  const missed = new Map<string, { readonly list: string; readonly numbers: number[] }>();
  for (const { state, repository, number, updatedAt } of looked) {
    const list = listed.listThatLacks(repository);
    if (state !== 'open' || list === null || now - updatedAt < JUST_NOW) continue;
    const { numbers } = missed.get(repository.path) ?? { numbers: [] };
    missed.set(repository.path, { list, numbers: [...numbers, number] });
  }
  return [...missed].map(([path, { list, numbers }]) => {
    const named = numbers.slice(0, NAMED).map((number) => `#${number}`);
    const more = numbers.length > NAMED ? ` and ${count(numbers.length - NAMED, 'other')}` : '';
    const verb = numbers.length === 1 ? 'is' : 'are';
    return (
      `${path}: ${named.join(', ')}${more} ${verb} open, but the forge's list of ${list}, which it calls complete, does not ` +
      'show that: others may be missing as well, and get no previews. What is known is kept up to date.'
    );
  });
}
