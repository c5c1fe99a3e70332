import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { greenroom } from '../support/command.ts';
import { bareRepo, filesOf, tempFolder } from '../support/git.ts';
import { platformText } from '../support/inputs.ts';

/** The program that the command starts for `git`: it counts, and kills the command after the call with a given number. */
const SHIM = `#!/bin/sh
echo x >> "$GIT_CALLS"
"$REAL_GIT" "$@"
code=$?
if [ "$(wc -l < "$GIT_CALLS")" -ge "$KILLED_AFTER" ]; then kill -9 $PPID; fi
exit $code
`;

/** `greenroom new` on a local forge of its own. */
class Place {
  readonly #root = tempFolder();
  readonly #shim = join(tempFolder(), 'bin');
  readonly #calls = join(tempFolder(), 'calls');
  readonly #git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();

  constructor() {
    bareRepo({ 'greenroom.yaml': platformText('') }, { path: this.#path('previews.git') });
    mkdirSync(this.#shim);
    writeFileSync(join(this.#shim, 'git'), SHIM, { mode: 0o755 });
  }

  #path(name: string): string {
    return join(this.#root, 'acme', name);
  }

  /** @param killedAfter number of the git call after which the command is killed @default - none */
  run(killedAfter = Number.MAX_SAFE_INTEGER) {
    writeFileSync(this.#calls, '');
    const who = ['--repo', 'acme/shop', '--owner', '@acme/web', '--team', 'web', '--no-input'];
    const where = ['--apps-repo', this.#path('previews.git'), '--forge', this.#root];
    const env = {
      PATH: `${this.#shim}${delimiter}${process.env['PATH']}`,
      REAL_GIT: this.#git,
      GIT_CALLS: this.#calls,
      KILLED_AFTER: String(killedAfter),
    };
    return greenroom(['new', 'static-site', ...who, ...where], { cwd: tempFolder(), env });
  }

  /** How many times the last run called git. */
  calls(): number {
    return readFileSync(this.#calls, 'utf8').length / 2;
  }

  /** Everything that somebody can see of it afterwards. */
  seen() {
    const pulls = ['shop', 'previews'].map((name) => {
      const folder = this.#path(join(name, 'pulls'));
      const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : [];
      return files.map((file) => {
        const { number, title, labels, state } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
        return { number, title, labels, state };
      });
    });
    return {
      source: filesOf(this.#path('shop.git'), 'greenroom/new'),
      registration: filesOf(this.#path('previews.git'), 'greenroom/register/acme-shop'),
      pulls,
    };
  }
}

test('killed after any call of git on a local forge, `new` ends the same when it is run again', async () => {
  const whole = new Place();
  expect(await whole.run()).toMatchObject({ code: 0 });
  const end = whole.seen();
  expect(end.pulls.map((list) => list.length)).toEqual([1, 1]);
  const calls = whole.calls();
  expect(calls).toBeGreaterThan(8);
  let kills = 0;
  for (let call = 1; call <= calls; call++) {
    const place = new Place();
    const killed = await place.run(call);
    // Helper processes that end with the command are counted, too: their end is no step of it.
    if (killed.code !== 0) {
      expect(killed.code, killed.stderr).toBe(null);
      kills += 1;
    }
    const again = await place.run();
    expect([again.code, again.stderr], `killed after call ${call}`).toEqual([0, expect.any(String)]);
    expect(place.seen(), `killed after call ${call}`).toEqual(end);
  }
  expect(kills).toBeGreaterThan(calls / 2);
});
