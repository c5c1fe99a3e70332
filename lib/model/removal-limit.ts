/** As many may always go at once, however few there are. */
const ALWAYS_ALLOWED = 3;

/**
 * The removal limit: whether so many removals at once need a person's yes, since a forge that lies or a change gone wrong
 * looks like many closed pull requests.
 *
 * @param live previews there are before anything goes
 * @param maxShare `sweep.maxRemovalShare` of greenroom.yaml, from 0 to 1
 */
export function exceedsRemovalLimit(removals: number, live: number, maxShare: number): boolean {
  return removals > ALWAYS_ALLOWED && removals > live * maxShare;
}
