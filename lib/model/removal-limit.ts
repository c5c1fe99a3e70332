/** This many removals are always allowed, however few previews there are. */
const ALWAYS_ALLOWED = 3;

/**
 * The removal limit: whether so many removals at once need a person's confirmation. Wrong answers of a forge, or a
 * wrong change, look like many closed pull requests.
 *
 * @param live number of previews before the removals
 * @param maxShare `sweep.maxRemovalShare` of greenroom.yaml, from 0 to 1
 */
export function exceedsRemovalLimit(removals: number, live: number, maxShare: number): boolean {
  return removals > ALWAYS_ALLOWED && removals > live * maxShare;
}
