/** The current time in unix seconds. It is injected everywhere, so that no other code reads the system clock. */
export type Clock = () => number;

export const systemClock: Clock = () => Math.floor(Date.now() / 1000);

/** The same with fractions, for waits of about a second. */
export const preciseClock: Clock = () => Date.now() / 1000;

/**
 * Unix seconds of an ISO 8601 time with a zone (`2026-11-24T08:00:00Z`).
 * Undefined for anything else: a time without a zone would mean something different on every machine.
 */
export function parseTime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}

/** ISO 8601 in UTC, to the second. */
export function formatTime(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
