import { describe, expect, test } from 'vitest';
import { parseCall } from '../../lib/status/call.ts';
import { keptLine, MAX_AHEAD, MAX_KEPT, parseKept } from '../../lib/status/kept.ts';
import { merge, mergeAll, STALE_SECONDS } from '../../lib/status/merge.ts';
import { CONDITIONS, cleanFacts, cleanWords, type Observation, SOURCES } from '../../lib/status/observation.ts';
import { REASONS } from '../../lib/status/reasons.ts';
import { type Known, statusOf, titleOf } from '../../lib/status/status.ts';
import fc, { runs } from '../support/property.ts';

const HEAD = 'a1b2c3d'.padEnd(40, '0');
const OLDER = 'b'.repeat(40);
const NOW = Date.UTC(2026, 10, 6, 14, 2) / 1000;
const known: Known = { now: NOW, headSha: HEAD, committedAt: NOW, seen: null, earlier: null, contact: '@platform' };
const seen = (parts: Partial<Observation>): Observation => ({
  source: 'cluster',
  headSha: HEAD,
  at: NOW,
  condition: 'ready',
  ...parts,
});

describe('the words never claim more than was seen', () => {
  test('where nobody looks: committed, and what is usual by what was seen before', () => {
    const status = statusOf({ ...known, usual: 95 });
    expect(status.sentence).toBe('Committed Fri 6 Nov 14:02 UTC; it usually answers within 2 minutes.');
    expect(status).toMatchObject({ state: 'committed', turn: 'nobody', seenBy: null, next: { by: NOW + 95 } });
    expect(titleOf(status)).toBe('on its way');
    const late = statusOf({ ...known, now: NOW + 3600 });
    expect(late.sentence).toBe('Committed Fri 6 Nov 14:02 UTC; nobody has reported whether it answers.');
    expect(late.next).toBeNull();
  });

  test.each([
    ['probe', 'Its address answers.'],
    ['reconciler', 'It is in place and healthy.'],
    ['cluster', 'It runs, and its health check answers.'],
  ] as const)('ready by a %s', (source, sentence) => {
    expect(statusOf({ ...known, seen: seen({ source }) })).toMatchObject({ state: 'ready', sentence, shows: HEAD });
  });

  test('an older commit that answers meanwhile is named; who sees the objects knows whether it still does', () => {
    const starting = seen({ condition: 'starting', reason: 'pulling', shows: OLDER.slice(0, 12) });
    const status = statusOf({ ...known, seen: starting });
    expect(status).toMatchObject({ state: 'ready-older', shows: 'bbbbbbbbbbbb' });
    expect(status.sentence).toMatch(/^Shows bbbbbbb until the new commit answers\. It gets its image/);
    const { shows: _, ...alone } = starting;
    expect(statusOf({ ...known, seen: alone, earlier: OLDER })).toMatchObject({ state: 'starting', shows: null });
    const asked = seen({ ...alone, source: 'probe' });
    expect(statusOf({ ...known, seen: asked, earlier: OLDER })).toMatchObject({ state: 'ready-older', shows: OLDER });
  });

  test('what takes longer than usual is said to', () => {
    const status = statusOf({ ...known, now: NOW + 600, usual: 120, seen: seen({ condition: 'starting' }) });
    expect(status.sentence).toContain('It takes longer than usual (2 minutes).');
  });

  test('asleep, being deleted, stuck, gone', () => {
    const state = (condition: Observation['condition'], parts: Partial<Observation> = {}) =>
      statusOf({ ...known, seen: seen({ condition, ...parts }) });
    expect(state('asleep').state).toBe('asleep');
    expect(state('ending')).toMatchObject({ state: 'ending', sentence: 'It is being deleted.', turn: 'nobody' });
    const stuck = state('ending', { reason: 'stuck', facts: { name: 'example.com/hold' } });
    expect(stuck).toMatchObject({ state: 'ending', turn: 'platform', headline: 'it cannot be deleted' });
    expect(stuck.sentence).toContain('(example.com/hold)');
    expect(state('gone').sentence).toBe('Everything of it was deleted.');
  });
});

describe('reasons', () => {
  const facts = { app: 'api', code: 1, count: 3, status: 404, port: 8080, path: '/healthz', name: 'KEY' };

  test.each(Object.keys(REASONS))('%s: plain sentences, somebody who has to act, and something to do', (reason) => {
    const row = REASONS[reason]!;
    for (const given of [facts, {}]) {
      const texts = [row.sentence(given), row.todo?.(given, '@platform') ?? 'x.', `${row.headline || 'x'}.`];
      for (const text of texts) {
        expect(text).not.toMatch(/undefined|\bpod\b|kubernetes|namespace|container|replica|deployment/i);
        expect(text).toMatch(/[.)]$/);
        expect(text.length).toBeLessThan(260);
      }
    }
    if (row.turn !== 'nobody') expect(row.todo).not.toBeNull();
  });

  test('a reason says the line of preview.yaml that it is about, of its own app', () => {
    const of = (reason: string, app?: string) =>
      statusOf({ ...known, seen: seen({ condition: 'not-working', reason, facts: app ? { app } : {} }) });
    expect(of('exits').field).toBe('env');
    expect(of('no-answer-port', 'api').field).toBe('apps.api.port');
    expect(of('no-answer-port', 'api').sentence).toMatch(/^The app api: /);
    expect(of('image-denied').field).toBeNull();
  });

  test("what a rule said is for the maker; a reconciler's words are for engineers", () => {
    const of = (reason: string) =>
      statusOf({ ...known, seen: seen({ condition: 'not-working', reason, words: 'Ask for less memory.' }) });
    expect(of('refused').sentence).toBe('The platform refused it: Ask for less memory.');
    expect(of('not-applied').sentence).not.toContain('memory');
    expect(of('not-applied').words).toBe('Ask for less memory.');
  });

  test('one of a later version is no error', () => {
    const status = statusOf({ ...known, seen: seen({ condition: 'not-working', reason: 'from-the-future' }) });
    expect(status).toMatchObject({ state: 'not-working', turn: 'platform' });
  });
});

const anyObservation: fc.Arbitrary<Observation> = fc.record({
  source: fc.constantFrom(...SOURCES),
  headSha: fc.constantFrom(HEAD, OLDER),
  at: fc.integer({ min: NOW - 5000, max: NOW }),
  condition: fc.constantFrom(...CONDITIONS),
});

describe('of several looks, one counts', () => {
  test('whoever sees the objects wins over the address, unless it answers no more', () => {
    const failing = seen({ at: NOW - 60, condition: 'not-working', reason: 'exits' });
    const answers = seen({ source: 'probe' });
    expect(merge(failing, answers)).toBe(failing);
    expect(merge(seen({ at: NOW - 60 }), seen({ source: 'probe', condition: 'not-working' }))).toMatchObject({
      source: 'probe',
    });
    expect(merge({ ...failing, at: NOW - STALE_SECONDS - 1 }, answers)).toBe(answers);
  });

  test('an address that answers is set up, whatever the route says: some controllers never write it', () => {
    const route = seen({ at: NOW - 120, condition: 'starting', reason: 'route' });
    const answers = seen({ source: 'probe', at: NOW - 60 });
    expect(mergeAll([route, answers], HEAD)).toBe(answers);
    expect(mergeAll([route, answers, { ...route, at: NOW }], HEAD)).toBe(answers);
    const stopped = seen({ at: NOW, condition: 'not-working', reason: 'exits' });
    expect(mergeAll([route, answers, stopped], HEAD)).toBe(stopped);
    const later = { ...route, at: NOW + STALE_SECONDS };
    expect(mergeAll([route, answers, later], HEAD)).toBe(later);
  });

  test.each<[string, string | undefined, string]>([
    [
      'one or more objects failed to apply, reason: deployments.apps "pr-shop-7" is forbidden: ValidatingAdmissionPolicy \'team-rule\' with binding \'team-rule\' denied request: Add a label "team".',
      'refused',
      'Add a label "team".',
    ],
    [
      'Deployment/pr-shop-7/pr-shop-7 dry-run failed (Forbidden): admission webhook "validate.kyverno.svc-fail" denied the request: \n\nresource blocked:\n  no @latest',
      'refused',
      'resource blocked: no @latest',
    ],
    [
      "Namespace/pr-shop-7 dry-run failed (Forbidden): ValidatingAdmissionPolicy 'greenroom-fence' denied request: may only change previews",
      'not-applied',
      "Namespace/pr-shop-7 dry-run failed (Forbidden): ValidatingAdmissionPolicy 'greenroom-fence' denied request: may only change previews",
    ],
    [
      'Deployment/pr-shop-7/pr-shop-7 dry-run failed: timeout',
      'not-applied',
      'Deployment/pr-shop-7/pr-shop-7 dry-run failed: timeout',
    ],
    ['ServiceAccount/x denied request: no', 'not-applied', 'ServiceAccount/x denied request: no'],
  ])('a rule that refuses what a reconciler applies tells the maker its sentence: %s', (message, reason, words) => {
    const observation = {
      source: 'reconciler',
      at: NOW,
      condition: 'not-working',
      reason: 'not-applied',
      words: message,
    };
    const call = parseCall({ cluster: 'main', preview: 'pr-shop-7', revision: HEAD, sentAt: NOW, observation });
    expect(call?.observation).toMatchObject({ reason, words });
    const status = statusOf({ ...known, seen: { ...seen({}), ...call!.observation } });
    expect(status.turn).toBe(reason === 'refused' ? 'maker' : 'platform');
    const applied = seen({ source: 'reconciler', at: NOW + 1, condition: 'starting', reason: 'applied' });
    expect(mergeAll([{ ...call!.observation, headSha: HEAD }, applied], HEAD)).toBe(applied);
  });

  test('that it cannot be applied is not hidden by a cluster that only sees nothing of it yet', () => {
    const nothing = seen({ at: NOW - 60, condition: 'starting', reason: 'applying' });
    const failed = seen({ source: 'reconciler', condition: 'not-working', reason: 'not-applied', words: 'x' });
    expect(mergeAll([nothing, failed], HEAD)).toBe(failed);
    expect(mergeAll([nothing, failed, { ...nothing, at: NOW + STALE_SECONDS + 600 }], HEAD)).toBe(failed);
    const there = seen({ at: NOW + 60, condition: 'starting', reason: 'pulling' });
    expect(mergeAll([nothing, failed, there], HEAD)).toBe(there);
    const again = seen({ source: 'reconciler', at: NOW + 60, condition: 'starting', reason: 'applying' });
    expect(mergeAll([nothing, failed, again], HEAD)).toBe(again);
  });

  test('calls that come late, twice and in any order end in the same', () => {
    fc.assert(
      fc.property(fc.array(anyObservation, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 12 }), (all, order) => {
        const shuffled = [...all, ...all].sort((a, b) => (order[all.indexOf(a)] ?? 0) - (order[all.indexOf(b)] ?? 0));
        const distinct = new Set(all.map(({ at }) => at)).size === all.length;
        if (distinct) expect(mergeAll(shuffled, HEAD)).toEqual(mergeAll(all, HEAD));
        expect(mergeAll(all, HEAD)?.headSha ?? HEAD).toBe(HEAD);
      }),
      { numRuns: runs(200) },
    );
  });

  test('what is older than what is known changes nothing: a replay is no news', () => {
    fc.assert(
      fc.property(anyObservation, anyObservation, (one, other) => {
        const now = { ...one, headSha: HEAD };
        const late = { ...other, headSha: HEAD, at: now.at - 1 };
        expect(merge(now, late)).toBe(now);
      }),
      { numRuns: runs(200) },
    );
  });
});

describe('what a forge keeps in one line', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9._/:@#-]{1,60}$/);

  test('is read back as it was, whatever the sentence and the facts are', () => {
    const small = fc.record(
      { code: fc.nat(255), count: fc.nat(99), status: fc.integer({ min: 100, max: 599 }), port: fc.nat(65_535) },
      { requiredKeys: [] },
    );
    const reason = fc.constantFrom(undefined, ...Object.keys(REASONS));
    fc.assert(
      fc.property(
        anyObservation,
        small,
        reason,
        fc.string({ unit: 'binary', maxLength: 160 }),
        fc.option(fc.nat(9999)),
        (one, facts, id, text, took) => {
          const observation = { ...one, ...(id && { reason: id }), ...(Object.keys(facts).length > 0 && { facts }) };
          const line = keptLine(text, observation, took);
          expect(line.length).toBeLessThanOrEqual(MAX_KEPT);
          expect(parseKept(line, observation.headSha, observation.at)).toEqual({ seen: observation, took });
        },
      ),
      { numRuns: runs(100) },
    );
  });

  test('fits, and drops whole facts where there is no room', () => {
    fc.assert(
      fc.property(name, name, name, (app, path, other) => {
        const facts = cleanFacts({ app, path, name: other, code: 1, count: 2, status: 404, port: 8080 });
        const observation = seen({ condition: 'not-working', reason: 'image-user-name', facts, shows: OLDER });
        const line = keptLine('x'.repeat(200), observation, 100);
        expect(line.length).toBeLessThanOrEqual(MAX_KEPT);
        const back = parseKept(line, HEAD, observation.at)!.seen;
        for (const [key, value] of Object.entries(back.facts ?? {})) {
          expect(facts[key as keyof typeof facts]).toBe(value);
        }
      }),
      { numRuns: runs(200) },
    );
  });

  test.each([
    '',
    'Preview of pull request 7',
    '[probe ready]',
    '[god ready 12]',
    '[cluster perfect 12]',
    'x [cluster ready 12] y',
  ])('%j is not ours', (line) => {
    expect(parseKept(line, HEAD, 12)).toBeNull();
  });

  test('one from the future does not count, whoever wrote it: nothing later would ever replace it', () => {
    const line = keptLine('It runs.', seen({ condition: 'ready', at: 10_000 }), null);
    expect(parseKept(line, HEAD, 10_000 - MAX_AHEAD)).not.toBeNull();
    expect(parseKept(line, HEAD, 10_000 - MAX_AHEAD - 1)).toBeNull();
  });
});

test('foreign words are one short line, and odd facts are none', () => {
  expect(cleanWords('a\n@b\u202e \u0000c')).toBe('a @b c');
  expect(cleanWords('x'.repeat(1_000_000))).toHaveLength(600);
  expect(
    cleanWords('pull https://u:p@reg.example/v2/x: 403 from https://s3.example/a?X-Sig=1&b=2 (Bearer abcdefgh1)'),
  ).toBe('pull https://...@reg.example/v2/x: 403 from https://s3.example/a?... (Bearer ...)');
  expect(cleanWords(`no image ghcr.io/acme/shop@sha256:${'a1'.repeat(32)}`)).toContain('@sha256:a1a1');
  expect(cleanWords(' \n')).toBeUndefined();
  expect(cleanWords({})).toBeUndefined();
  const facts = { app: 'a b', path: '/x', name: 'n'.repeat(61), code: '1', status: 1.5, port: 80, extra: 1 };
  expect(cleanFacts(facts)).toEqual({ path: '/x', port: 80 });
});
