import { GreenroomError } from '../../core/errors.ts';

/** One page of a GraphQL connection. */
export interface Page {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** A list with more pages than this is refused. */
const MAX_PAGES = 1000;

/**
 * All pages of a list, asked for one after the other. Whatever the answers are, it comes to an end: a cursor that is
 * missing, or that was there before, leads nowhere.
 *
 * @param what is listed, for messages
 * @throws GreenroomError `unreachable` for a list that is cut short
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
    if (seen.has(after))
      throw new GreenroomError('unreachable', `${what}: the list leads back to a page that was there`);
    seen.add(after);
  }
  throw new GreenroomError('unreachable', `${what}: the list has more than ${MAX_PAGES} pages`);
}
