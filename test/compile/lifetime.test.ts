import { describe, expect, test } from 'vitest';
import { activeSince, expiresAt, isExpired, KEEP_LABEL } from '../../lib/compile/lifetime.ts';
import { OPENED } from '../support/inputs.ts';
import fc from '../support/property.ts';

const HOUR = 3600;
const ttl = { default: '24h', max: '72h', warn: '4h' };
const pushed = { createdAt: OPENED, updatedAt: OPENED + 50 * HOUR, committedAt: OPENED + 40 * HOUR };

describe('when a preview ends', () => {
  test('the ttl counts from the last push, not from comments or from the opening', () => {
    expect(expiresAt(pushed, [], '8h', ttl)).toBe(OPENED + 48 * HOUR);
    expect(expiresAt({ ...pushed, updatedAt: OPENED + 60 * HOUR }, [], '8h', ttl)).toBe(OPENED + 48 * HOUR);
  });

  test('without a ttl of its own it has the default; the keep label gives the most there is', () => {
    expect(expiresAt(pushed, [], undefined, ttl)).toBe(OPENED + 64 * HOUR);
    expect(expiresAt(pushed, [KEEP_LABEL], '8h', ttl)).toBe(OPENED + 112 * HOUR);
  });

  test('a forged commit date stays within what the forge saw of the pull request', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(1e6), (committedAt, later) => {
        const since = activeSince({ createdAt: OPENED, updatedAt: OPENED + later, committedAt });
        expect(since).toBeGreaterThanOrEqual(OPENED);
        expect(since).toBeLessThanOrEqual(OPENED + later);
      }),
    );
  });

  test('a clock that is ten minutes fast ends nothing early', () => {
    expect(isExpired(OPENED, OPENED + 599)).toBe(false);
    expect(isExpired(OPENED, OPENED + 600)).toBe(true);
  });
});

describe('an extension', () => {
  const platform = { default: '4h', max: '8h', warn: '1h' };
  const times = { createdAt: 1000, updatedAt: 1000, committedAt: 1000 };
  const end = (extension: { at: number; until: number }) => expiresAt({ ...times, extension }, [], undefined, platform);

  test('moves the end to its own, never beyond the longest life from when it was asked for', () => {
    expect(end({ at: 2000, until: 1000 + 6 * 3600 })).toBe(1000 + 6 * 3600);
    expect(end({ at: 2000, until: 2000 + 900 * 3600 })).toBe(2000 + 8 * 3600);
  });

  test('never makes a life shorter', () => {
    expect(end({ at: 2000, until: 1001 })).toBe(1000 + 4 * 3600);
  });

  test('stays where it was started again, which counts as a push at its time', () => {
    const again = (until: number) =>
      expiresAt({ ...times, restartedAt: 90_000, extension: { at: 90_000, until } }, [], undefined, platform);
    expect(again(91_000)).toBe(90_000 + 4 * 3600);
    expect(again(90_000 + 5 * 3600)).toBe(90_000 + 5 * 3600);
  });
});
