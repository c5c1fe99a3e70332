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
  waiting: number;
}

/**
 * Where GitHub's limits hold back all of a process: who runs into one closes the door for all the others as well, before
 * they run into it, too.
 */
export class Doors {
  readonly #doors = new Map<string, Door>();

  /** @param until unix seconds */
  close(scope: string, until: number): void {
    const door = this.#doors.get(scope);
    if (door === undefined) this.#doors.set(scope, { until, waiting: 0 });
    else if (until > door.until) Object.assign(door, { until, waiting: 0 });
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
      longest = Math.max(longest, door.until - now + door.waiting * APART);
      door.waiting += 1;
    }
    return longest;
  }
}
