import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Where everything is kept that is built or derived once: `$GREENROOM_JUDGES`, else under the user's cache folder. */
export function cacheFolder(): string {
  return (
    process.env['GREENROOM_JUDGES'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'greenroom', 'judges')
  );
}

/**
 * Makes `target` unless it is there: under a lock, into a draft beside it, and renamed when complete, so that no one
 * ever sees half of it. The lock only saves work: two makers at once would both be right.
 */
export async function makeOnce(target: string, make: (draft: string) => Promise<void>): Promise<string> {
  if (existsSync(target)) return target;
  mkdirSync(join(target, '..'), { recursive: true });
  const unlock = await lock(`${target}.lock`);
  const draft = `${target}.${randomUUID()}`;
  try {
    if (!existsSync(target)) {
      await make(draft);
      renameSync(draft, target);
    }
  } finally {
    rmSync(draft, { recursive: true, force: true });
    unlock();
  }
  return target;
}

async function lock(file: string): Promise<() => void> {
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (isAbandoned(file)) rmSync(file, { force: true });
    else await delay(250);
  }
}

function isAbandoned(lockFile: string): boolean {
  try {
    const owner = Number(readFileSync(lockFile, 'utf8'));
    // Created a moment ago and not written yet: 0 is no process to ask about.
    if (owner > 0) process.kill(owner, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
