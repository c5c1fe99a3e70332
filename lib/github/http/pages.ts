import { GreenroomError } from '../../core/errors.ts';

/** One page of a GraphQL connection. */
export interface Page {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** A list with more pages is refused. */
const MAX_PAGES = 1000;

/**
 * Fetches all pages of a list, one after the other. It always ends: a missing or repeated cursor is an error.
 *
 * @param what what is listed, for messages
 * @throws GreenroomError `unreachable` if the list is incomplete
 */
export async function* pagesOf<T extends Page>(
  what: string,
  ask: (after: string | null) => Promise<T>,
): AsyncGenerator<T> {
  const seen = new Set<string>();
  for (let after: string | null = null; seen.size < MAX_PAGES; ) {
    const page: T = await ask(after);
    yield page;
    if (!page.pageInfo.hasNextPage) return;
    after = page.pageInfo.endCursor;
    if (after === null) throw new GreenroomError('unreachable', `${what}: a page is missing`);
    if (seen.has(after)) throw new GreenroomError('unreachable', `${what}: the list repeats a page`);
    seen.add(after);
  }
  throw new GreenroomError('unreachable', `${what}: the list has more than ${MAX_PAGES} pages`);
}
