import { CLOCK_TOLERANCE, isExpired } from '../../compile/lifetime.ts';
import type { Forge } from '../../forge/forge.ts';
import { durationSeconds } from '../../model/scalars.ts';
import type { Base } from './base.ts';

/** A clock that is further off ends nothing: what it takes for over may have days to go. In seconds. */
const TOLERATED = 600;

/** Why nothing may be ended by this machine's clock; null where it agrees with the forge's. */
export function clockDoubt({ clockSkew = null }: Pick<Forge, 'clockSkew'>): string | null {
  if (clockSkew === null || Math.abs(clockSkew) <= TOLERATED) return null;
  const side = clockSkew > 0 ? 'ahead of' : 'behind';
  const minutes = Math.round(Math.abs(clockSkew) / 60);
  return `the clock of this machine is ${minutes} minutes ${side} the forge's, so nothing is ended by it; set it right`;
}

/** Whether a time is up, by a clock that can be trusted. @param expires unix seconds */
export function isOver(forge: Pick<Forge, 'clockSkew'>, expires: number, { now }: Pick<Base, 'now'>): boolean {
  return clockDoubt(forge) === null && isExpired(expires, now);
}

/**
 * When a recorded preview ends, in unix seconds. No preview ends later than `ttl.max` from now: an end beyond that was
 * not written by greenroom, or under other settings, and counts as the earliest that is possible.
 */
export function endOf(
  { created, expires }: { readonly created: number; readonly expires: number },
  { now, platform }: Pick<Base, 'now' | 'platform'>,
): number {
  const max = durationSeconds(platform.ttl.max);
  return expires <= now + max + CLOCK_TOLERANCE ? expires : Math.min(created, now) + max;
}
