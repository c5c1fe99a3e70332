import { describe, expect, test, vi } from 'vitest';
import fc, { runs } from '../support/property.ts';
import { gitHubSide, memorySide } from './model/sides.ts';
import { type Happening, simulate } from './model/simulation.ts';
import { type Disturbance, type ForgeEvent, type Sequence, type Step, sequence } from './model/steps.ts';

/**
 * Random lives of an apps repo, in memory and over GitHub, against the rule in model/rule.ts. fast-check prints the
 * seed and the path of a failure, shortened as far as it goes; this replays it:
 *
 *     GREENROOM_SEED=1234 GREENROOM_PATH=0:1:2 npx vitest run test/sync/model.test.ts
 *
 * GREENROOM_SEQUENCES sets how many lives there are in memory; the fake GitHub, which is slow for all its
 * processes, gets a tenth of them. `npm test` lives through the first 200, and through four over GitHub.
 */
const { GREENROOM_SEED, GREENROOM_PATH, GREENROOM_SEQUENCES } = process.env;
const lives = Number(GREENROOM_SEQUENCES ?? runs(2000));
const livesOverGitHub = Math.ceil(lives / (lives < 1000 ? 50 : 10));
/** Ten times what it takes, for a machine that has much else to do. */
const TIMEOUT = { timeout: 120_000 + lives * 200 };
const SLOWER = { timeout: 120_000 + livesOverGitHub * 10_000 };
const replay = {
  ...(GREENROOM_SEED === undefined ? {} : { seed: Number(GREENROOM_SEED) }),
  ...(GREENROOM_PATH === undefined ? {} : { path: GREENROOM_PATH }),
};

// What is pure is remembered: thousands of sequences compile the same few hundred previews.
vi.mock('../../lib/compile/compile.ts', async (original) => {
  const real = await original<typeof import('../../lib/compile/compile.ts')>();
  const { remembered } = await import('./model/remembered.ts');
  return { ...real, createCompiler: remembered(real.createCompiler) };
});
vi.mock('../../lib/model/files.ts', async (original) => {
  const real = await original<typeof import('../../lib/model/files.ts')>();
  const { byText } = await import('./model/remembered.ts');
  return { ...real, loadPlatform: byText(real.loadPlatform), loadPreview: byText(real.loadPreview) };
});

/** In what share of all lives something has to come to pass: a fifth or so of how often it does. */
const SHARES: Readonly<Record<Happening, number>> = {
  'a stop removed a preview': 0.016,
  'a retry brought one back': 0.003,
  'an end was moved': 0.02,
  'a box was dealt with': 0.004,
  'somebody was refused': 0.016,
  'something was not understood': 0.02,
  'a proposal was merged': 0.02,
  'a proposal was withdrawn': 0.003,
  'a proposal became another version': 0.006,
  'a limit was met': 0.03,
  'replicas lagged': 0.06,
};
const happened = new Map<string, number>();
function count(found: ReadonlySet<Happening>): void {
  for (const what of found) happened.set(what, (happened.get(what) ?? 0) + 1);
}

const quietly = { turns: [], disturbances: [] };
const first = { do: 'open', repo: 0, number: 1, variant: 'service', fork: false } as const;

describe('what it found', () => {
  test('a preview that is revived while a sweep ends it for want of an answer stays', async () => {
    const revived: Disturbance[] = ['unknown', { do: 'reopen', pull: 0 }, { do: 'push', pull: 0, variant: 'service' }];
    const lived: Sequence = {
      limited: false,
      review: false,
      opened: 0,
      steps: [
        { step: 'event', event: first },
        { step: 'work', tasks: [{ run: 'deliver', index: 0 }], ...quietly },
        { step: 'event', event: { do: 'close', pull: 0 } },
        { step: 'time', seconds: 12 * 3600 },
        { step: 'time', seconds: 600 },
        {
          step: 'work',
          tasks: [
            { run: 'sweep', allowRemovals: false },
            { run: 'deliver', index: 0 },
          ],
          // The sweep asks for the pull request in vain; the other finishes; the sweep goes on.
          turns: [...Array(7).fill(false), ...Array(20).fill(true)],
          disturbances: revived.map((what, i) => ({ after: i === 0 ? 6 : 0, what })),
        },
      ],
    };
    await simulate(lived, memorySide);
  });

  test('a sweep that lost a race gives away no more places than there are', async () => {
    const tasks = [
      { run: 'sweep', allowRemovals: false },
      { run: 'deliver', index: 3 },
    ] as const;
    const turns = [false, ...Array(30).fill(true)];
    const disturbances = [{ after: 0, what: 'rollback' }] as const;
    await simulate(
      { limited: true, review: false, opened: 4, steps: [{ step: 'work', tasks, turns, disturbances }] },
      memorySide,
    );
  });

  test('two repositories swap names: the preview of a closed pull request goes all the same', async () => {
    const events: ForgeEvent[] = [
      { do: 'move', repo: 1, to: 'acme/depot' },
      { do: 'move', repo: 0, to: 'acme/store' },
      { do: 'close', pull: 0 },
    ];
    await simulate(
      { limited: false, review: false, opened: 2, steps: events.map((event) => ({ step: 'event', event })) },
      memorySide,
    );
  });

  test.each([
    ['a preview.yaml that became a link', 'link'],
    ['a head that nobody can read', 'lost'],
  ] as const)('%s leaves the earlier preview, until its time is up', async (_, variant) => {
    const steps: Step[] = [
      { step: 'event', event: { do: 'push', pull: 0, variant } },
      { step: 'work', tasks: [{ run: 'deliver', index: 1 }], ...quietly },
    ];
    await simulate({ limited: false, review: false, opened: 1, steps }, memorySide);
    await simulate(
      { limited: false, review: false, opened: 1, steps: [...steps, { step: 'time', seconds: 86_400 }] },
      memorySide,
    );
  });
});

describe('after any sequence and a quiet sweep the apps repo is as the rule says', () => {
  test('in memory', TIMEOUT, async () => {
    await fc.assert(
      fc.asyncProperty(sequence, async (lived) => count(await simulate(lived, memorySide))),
      { numRuns: lives, ...replay },
    );
    // What hardly ever happens is not tested.
    if (GREENROOM_PATH === undefined && lives >= 1000) {
      for (const [what, share] of Object.entries(SHARES)) {
        expect(happened.get(what) ?? 0, what).toBeGreaterThan(lives * share);
      }
    }
  });

  test('over GitHub, below whose client limits and lag come as well', SLOWER, async () => {
    const met = new Set<Happening>();
    const live = async (lived: Sequence) => {
      for (const what of await simulate(lived, gitHubSide)) met.add(what);
    };
    await fc.assert(fc.asyncProperty(sequence, live), { numRuns: livesOverGitHub, ...replay });
    if (GREENROOM_PATH === undefined && livesOverGitHub >= 100) {
      expect([...met]).toEqual(expect.arrayContaining(['a limit was met', 'replicas lagged']));
    }
  });
});
