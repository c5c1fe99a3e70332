/** What a limit of GitHub's holds back. */
export interface Limited {
  /** Of all requests (a secondary limit), or of one owner's to one of the APIs (the hourly one). */
  readonly scope: string;
  readonly seconds: number;
}

/** The scope of a secondary limit: everything that this process asks. */
export const EVERYTHING = '';

/** Those who waited at one door go through it so many seconds apart. */
const APART = 0.2;

interface Door {
  /** Unix seconds. */
  until: number;
  /** How long that was when it closed: a clock that is put back makes it no longer. */
  longest: number;
  waiting: number;
}

/**
 * Where GitHub's limits hold back all of a process: who runs into one closes the door for all the others as well, before
 * they run into it, too.
 */
export class Doors {
  readonly #doors = new Map<string, Door>();

  /** @param now unix seconds */
  close(scope: string, now: number, seconds: number): void {
    const door = this.#doors.get(scope);
    const until = now + seconds;
    const isLater = door === undefined || Math.min(door.until - now, door.longest) < seconds;
    if (isLater) this.#doors.set(scope, { until, longest: seconds, waiting: 0 });
  }

  /** A request went through, so the door is open. */
  open(scope: string): void {
    this.#doors.delete(scope);
  }

  /** Seconds until all of these doors are open, one after the other for those who wait; 0 for now. */
  wait(scopes: readonly string[], now: number): number {
    let longest = 0;
    for (const scope of scopes) {
      const door = this.#doors.get(scope);
      if (door === undefined || door.until <= now) continue;
      longest = Math.max(longest, Math.min(door.until - now, door.longest) + door.waiting * APART);
      door.waiting += 1;
    }
    return longest;
  }
}
