import { setTimeout as delay } from 'node:timers/promises';

export interface Wait {
  /** What is waited for, as it should read in the error. */
  readonly what: string;
  /** Milliseconds. A reconciler that failed once backs off for a minute or two before it tries again. @default 300000 */
  readonly timeoutMs?: number;
  /** Milliseconds between two tries. @default 200 */
  readonly everyMs?: number;
}

const DEFAULT_TIMEOUT = 300_000;

/**
 * Tries until `attempt` gives something other than `undefined` or `false`, and returns it. An attempt that throws
 * (an assertion too) has failed and is tried again.
 *
 * @throws Error when the time is up, with what the last attempt threw as its cause
 */
export async function eventually<T>(attempt: () => T | Promise<T>, wait: Wait): Promise<Exclude<T, undefined | false>> {
  const timeoutMs = wait.timeoutMs ?? DEFAULT_TIMEOUT;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const found = await attempt();
      if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) {
      const last = cause instanceof Error ? `; last: ${cause.message}` : '';
      throw new Error(`gave up after ${timeoutMs} ms waiting for ${wait.what}${last}`, { cause });
    }
    await delay(wait.everyMs ?? 200);
  }
}
