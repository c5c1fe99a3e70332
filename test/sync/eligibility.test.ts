import { describe, expect, test } from 'vitest';
import type { PullRequest } from '../../lib/forge/forge.ts';
import { loadPlatform } from '../../lib/model/files.ts';
import { refusalByPaths, refusalOf } from '../../lib/sync/plan/eligibility.ts';
import { wholePull } from '../support/forge.ts';
import { platformText } from '../support/inputs.ts';
import { pullOf } from '../support/memory/forge.ts';

const SHOP = { path: 'acme/shop' };
const pull = (changes: Partial<PullRequest> = {}): PullRequest => ({
  ...pullOf(wholePull({ number: 7, repositoryId: 42 }), SHOP, null, null),
  ...changes,
});

/** What the filter says of a pull request; null for a preview. */
function said(filter: string, changes: Partial<PullRequest> = {}): string | null {
  return refusalOf(pull(changes), platformOf(filter), null)?.sentence ?? null;
}

function platformOf(filter: string) {
  const text = platformText().replace('{ owner: acme }', `{ owner: acme, ${filter} }`);
  return loadPlatform(text, 'greenroom.yaml').value.spec;
}

describe('filters of a source', () => {
  test.each<[string, Partial<PullRequest>, string | null]>([
    ['labels: { any: [preview, demo] }', { labels: ['demo'] }, null],
    [
      'labels: { any: [preview, demo] }',
      { labels: ['x'] },
      'Add one of the labels "preview", "demo" to get a preview.',
    ],
    ['labels: { all: [a, b] }', { labels: ['a'] }, 'Add the label "b" to get a preview.'],
    ['labels: { all: [a, b] }', { labels: ['b', 'a'] }, null],
    ['labels: { none: [never] }', { labels: ['never'] }, 'Remove the label "never" to get a preview.'],
    ['labels: { none: [" Never "] }', { labels: ['never'] }, 'Remove the label " Never " to get a preview.'],
    ['label: " Needs Preview"', { labels: ['needs preview'] }, null],
    ['label: needs-preview', { labels: ['needs preview'] }, 'Add the label "needs-preview" to get a preview.'],
    ['label: preview, labels: { none: [never] }', { labels: ['preview'] }, null],
    ['branches: [main, release/*]', { base: 'release/1' }, null],
    [
      'branches: [main, release/*]',
      { base: 'develop' },
      'Previews are for pull requests into main, release/*; this one is into develop.',
    ],
    ['authors: { only: [mia, "jo-*"] }', { author: 'Jo-Ann' }, null],
    ['authors: { only: [mia] }', { author: 'jo' }, 'Pull requests of jo get no preview here.'],
    ['authors: { except: [jo] }', { author: 'jo' }, 'Pull requests of jo get no preview here.'],
    [
      'drafts: true',
      { author: 'renovate', isByBot: true },
      'This pull request was opened by a program; programs get no preview here.',
    ],
    ['authors: { bots: true }', { author: 'renovate', isByBot: true }, null],
    ['authors: { only: [renovate] }', { author: 'renovate', isByBot: true }, null],
  ])('{ %s } with %j', (filter, changes, sentence) => {
    expect(said(filter, changes)).toBe(sentence);
  });

  test('several sources may name one repository: one that takes the pull request is enough', () => {
    const text = platformText().replace(
      '[{ owner: acme }]',
      '[{ owner: acme, branches: [main] }, { owner: acme, labels: { any: [demo] } }]',
    );
    const { spec } = loadPlatform(text, 'greenroom.yaml').value;
    expect(refusalOf(pull({ base: 'x' }), spec, null)?.reason).toBe('branch');
    expect(refusalOf(pull({ base: 'x', labels: ['demo'] }), spec, null)).toBeNull();
  });
});

describe("a maker's paths", () => {
  const asked = (paths: string[], changed: string[], manifests?: string) =>
    refusalByPaths({ paths, manifests }, changed)?.reason ?? null;

  test.each([
    [['web/**'], ['web/a.ts', 'README.md'], null],
    [['web/**'], ['README.md'], 'paths'],
    [['web/**'], [], 'paths'],
    [['web/**'], ['preview.yaml'], null],
  ])('%j and a change of %j: %s', (paths, changed, reason) => {
    expect(asked(paths, changed)).toBe(reason);
  });

  test("its own manifests' folder counts, and without paths everything does", () => {
    expect(asked(['web/**'], ['k8s/a.yaml'], 'k8s')).toBeNull();
    expect(refusalByPaths({ paths: undefined, manifests: undefined }, [])).toBeNull();
  });
});
