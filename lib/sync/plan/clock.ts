import { CLOCK_TOLERANCE, isExpired } from '../../compile/lifetime.ts';
import type { Forge } from '../../forge/forge.ts';
import { durationSeconds } from '../../model/scalars.ts';
import type { Base } from './base.ts';

/** In seconds. With a larger skew nothing is ended: a preview that looks expired may still have days left. */
const TOLERATED = 600;

/** Why this machine's clock must not end anything; null if it agrees with the forge's. */
export function clockDoubt({ clockSkew = null }: Pick<Forge, 'clockSkew'>): string | null {
  if (clockSkew === null || Math.abs(clockSkew) <= TOLERATED) return null;
  const side = clockSkew > 0 ? 'ahead of' : 'behind';
  const minutes = Math.round(Math.abs(clockSkew) / 60);
  return `the clock of this machine is ${minutes} minutes ${side} the forge's, so nothing is ended by it; set it right`;
}

/** Whether an expiry has passed, by a clock that can be trusted. @param expires unix seconds */
export function isOver(forge: Pick<Forge, 'clockSkew'>, expires: number, { now }: Pick<Base, 'now'>): boolean {
  return clockDoubt(forge) === null && isExpired(expires, now);
}

/**
 * When a recorded preview ends, in unix seconds. No preview ends later than `ttl.max` from now: a later end was not
 * written by greenroom, or with other settings. Then the earliest possible end is used.
 */
export function endOf(
  { created, expires }: { readonly created: number; readonly expires: number },
  { now, platform }: Pick<Base, 'now' | 'platform'>,
): number {
  const max = durationSeconds(platform.ttl.max);
  return expires <= now + max + CLOCK_TOLERANCE ? expires : Math.min(created, now) + max;
}
