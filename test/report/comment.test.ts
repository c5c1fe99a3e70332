import { describe, expect, test } from 'vitest';
import { renderCheck } from '../../lib/report/check-run.ts';
import { renderComment } from '../../lib/report/comment.ts';
import { COMMENT_MARKER } from '../../lib/report/markers.ts';
import type { PreviewState } from '../../lib/report/state.ts';
import { readMarkdown } from '../support/markdown.ts';
import { comment, EXPIRES, finding, live, NOW, options, subject } from './support.ts';

const ready = { state: 'committed', preview: live, findings: [] } as const satisfies PreviewState;
const DAY = 86_400;
/** The text without what no reader sees. */
const visible = (text: string) => text.replace(/^<!--.*-->\n/gm, '');

describe('ready', () => {
  test('link, commit, end, cost of a day and of the whole life', () => {
    const text = comment(ready);
    expect(text.startsWith(COMMENT_MARKER)).toBe(true);
    expect(text).toContain('### Preview: ready - [Open the preview](https://pr-shop-7.apps.example.com)');
    expect(text).toContain('Shows `a1b2c3d` `Fix header`. Ends Fri 6 Nov 17:00 UTC.');
    expect(text).toContain('About $0.30 a day, $1.50 for its whole life');
    expect(text).toContain('rates of 2026-03');
  });

  test('an image whose name does not say its commit is shown by its name', () => {
    const state = (unversioned: string[]) => ({ ...ready, preview: { ...live, unversioned } });
    const text = comment(state(['ghcr.io/acme/shop:main']));
    expect(text).toContain(
      'Runs `ghcr.io/acme/shop:main` for `a1b2c3d` `Fix header`; its name does not say which commit it contains. Ends Fri',
    );
    expect(comment(state(['ghcr.io/acme/a:1', 'ghcr.io/acme/b:1']))).toContain(
      'Runs `ghcr.io/acme/a:1`, `ghcr.io/acme/b:1` for `a1b2c3d` `Fix header`; their names do not say',
    );
  });

  test('an image of own manifests that stays from commit to commit is said to', () => {
    const state = { ...ready, preview: { ...live, independent: ['ghcr.io/acme/redis:7'] } };
    expect(comment(state)).toContain(
      'Shows `a1b2c3d` `Fix header`. A new commit alone does not restart `ghcr.io/acme/redis:7`. Ends Fri',
    );
  });

  test('what its maker has to know of it', () => {
    const notes = ['db begins empty with every push.', 'It can reach the internet on port 443.'];
    expect(comment({ ...ready, notes })).toContain(`\n\n${notes.join(' ')}\n`);
  });

  test('within the time of warning: when it ends, and a box to keep it', () => {
    const soon = comment(ready, { options: { now: EXPIRES - 4 * 3600 } });
    expect(soon).toContain('### Preview: ready, ends today 17:00 UTC - [Open');
    expect(readMarkdown(soon).boxes).toEqual([['Keep it 3 more days', false]]);
    expect(comment(ready, { options: { now: EXPIRES - 20 * 3600, warn: DAY } })).toContain('ends tomorrow 17:00 UTC');
    const early = comment(ready, { options: { now: EXPIRES - 4 * 3600 - 1 } });
    expect(early).toContain('### Preview: ready - ');
    // Before that it can be kept longer as well; not where it ends as late as can be.
    expect(readMarkdown(early).boxes).toEqual([['Keep it 3 more days', false]]);
    const latest = comment(ready, { options: { now: EXPIRES - 4 * 3600, max: 4 * 3600 } });
    expect(readMarkdown(latest).boxes).toEqual([]);
  });

  test('the price of its life counts from when it began to run, and stays what it was', () => {
    const max = DAY;
    const first = comment({ ...ready, isNew: true }, { options: { max } });
    expect(first).toContain('$0.90 for its whole life');
    expect(comment(ready, { previous: first, options: { now: NOW + 3600, max } })).toBe(first);
  });
});

describe('refused', () => {
  test('one thing: the line with a link to it, what to do, whom to ask', () => {
    const text = comment({ state: 'denied', findings: [finding], live: null });
    expect(text).toContain('### Preview: not started - one thing to change');
    const at = `https://github.example.com/acme/shop/blob/${live.headSha}/preview.yaml#L6`;
    const edit = 'https://github.example.com/acme/shop/edit/fix-header/preview.yaml';
    expect(text).toContain(`[Line 6](${at}) of \`preview.yaml\`: Choose a smaller size`);
    expect(text).toContain(`Go to [line 6](${at}) and change it: [edit the file](${edit})`);
    expect(text).toContain('for an exception to `max-size`');
  });

  test('what can be mended mechanically is to be taken over', () => {
    const fix = { file: 'preview.yaml', startLine: 6, endLine: 6, replacement: '  size: small' };
    const text = comment({ state: 'denied', findings: [{ ...finding, fix }], live: null });
    expect(text).toContain('press "Commit suggestion" if it is offered there');
  });

  test('a forge without pages, and a fork, have no links', () => {
    const state = { state: 'denied', findings: [finding], live: null } as const;
    const local = comment(state, { options: { pages: null } });
    expect(readMarkdown(local).links).toEqual([]);
    expect(local).toContain('Line 6 of `preview.yaml`: Choose');
    const fork = comment(state, { subject: { branch: null } });
    expect(readMarkdown(fork).links.filter((url) => url.includes('/edit/'))).toEqual([]);
  });

  test('what runs meanwhile, and that it is not the latest commit', () => {
    const newer = { headSha: 'b'.repeat(40) };
    const text = comment({ state: 'denied', findings: [finding], live }, { subject: newer });
    expect(text).toContain('still running: it shows `a1b2c3d`, not the latest commit `bbbbbbb`. [Open it](https://pr-');
  });

  test('several things are counted, and listed', () => {
    const text = comment({ state: 'denied', findings: [finding, { ...finding, line: 8 }], live: null });
    expect(text).toContain('2 things to change');
    expect(text.match(/^- \[Line \d+\]/gm)).toHaveLength(2);
  });

  test('a finding that an exception lets pass is no thing to change, and names the exception', () => {
    const passed = { ...finding, exception: 'shop-needs-it' };
    const text = comment({ state: 'committed', preview: live, findings: [passed] });
    expect(text).toContain('let pass by exception `shop-needs-it`');
    const check = renderCheck({ state: 'committed', preview: live, findings: [passed] }, null, subject, options);
    expect(check?.annotations[0]?.level).toBe('warning');
  });

  test('a typo', () => {
    const message = '"prot" is not a setting; did you mean "port"?';
    const problems = [{ file: 'preview.yaml', line: 3, field: 'spec.prot', message }];
    const text = comment({ state: 'invalid', problems, live });
    expect(text).toContain('### Preview: not started - typo in preview.yaml');
    expect(text).toContain('): "prot" is not a setting; did you mean "port"?');
    expect(text).toContain('Your earlier preview is still running');
  });
});

describe('waiting', () => {
  const sentence = 'All 20 places are taken; yours starts by itself. Nothing to do.';
  const queued = { state: 'queued', reason: 'places', sentence, live: null } as const;

  test('in the queue, with the place where it is known, and with the last known one', () => {
    const placed = comment({ ...queued, place: { number: 3, of: 5 } });
    expect(placed).toContain('### Preview: in the queue, 3rd of 5\n');
    expect(comment(queued, { previous: placed })).toContain('### Preview: in the queue, 3rd of 5\n');
    expect(comment(queued)).toContain('### Preview: in the queue\n');
  });

  test('for the budget, and for the build', () => {
    expect(comment({ ...queued, reason: 'budget' })).toContain('### Preview: waiting - budget reached');
    const state = { state: 'waiting', image: 'ghcr.io/acme/shop:pr-7-a1b2c3d', live: null } as const;
    const words =
      'The image `ghcr.io/acme/shop:pr-7-a1b2c3d` for `a1b2c3d` is not there yet. The state of its build is unknown. The preview starts by itself when it is there. Nothing to do.';
    const build = '[Watch the build](https://github.example.com/acme/shop/pull/7/checks)';
    expect(comment(state)).toContain(`### Preview: waiting for your build\n${words} ${build}\n`);
    expect(renderCheck(state, null, subject, options)).toMatchObject({
      conclusion: 'pending',
      summary: `${words} ${build}`,
    });
    expect(comment(state, { options: { pages: null } })).toContain(`${words}\n`);
  });

  test('a problem of ours is one calm sentence', () => {
    const text = comment({ state: 'problem', where: 'commit', live: null });
    expect(text).toContain('### Preview: problem on our side\nYour file is fine;');
    expect(visible(text).split('\n').filter(Boolean)).toHaveLength(3);
  });
});

describe('the end of what never ran', () => {
  const review = {
    state: 'review',
    sentence: 'Nothing to do.',
    url: 'https://github.example.com/x',
    live: null,
  } as const;
  const none = { state: 'none', reason: 'closed', sentence: 'This pull request was closed.', removed: null } as const;

  test('is said as what it is; a request that was withdrawn has said it already', () => {
    const waiting = comment({ ...review, decision: 'open' });
    expect(comment(none, { previous: waiting })).toContain(
      '### Preview: removed\nThis pull request was closed; its preview had not started.\n',
    );
    const withdrawn = comment({ ...review, decision: 'withdrawn' });
    expect(comment(none, { previous: withdrawn })).toBe(withdrawn);
  });
});

describe('the end', () => {
  const none = { state: 'none', reason: 'merged', sentence: 'This pull request was merged.', removed: live } as const;
  const running = comment({ ...ready, isNew: true }, { options: { now: NOW - DAY } });

  test('removed: when, how long it ran, about what it cost', () => {
    const text = comment(none, { previous: running });
    expect(text).toContain('### Preview: removed\nThis pull request was merged. It ran 24 hours, about $0.30.\n');
    expect(text).toContain('the cluster deletes it within minutes');
    expect(text).not.toContain('was deleted');
  });

  test('ended by its time, and stopped: how long it ran, and a box to start it again', () => {
    const expired = { ...none, reason: 'expired', sentence: 'Its time is up.' };
    const text = comment(expired, { previous: running });
    expect(text).toContain('### Preview: ended\nIt ended after 24 hours to save money; your pull request is unchanged');
    expect(readMarkdown(text).boxes).toEqual([['Start again', false]]);
    const stopped = comment({ ...none, reason: 'stopped', sentence: 'mia stopped it' }, { previous: running });
    expect(stopped).toContain('### Preview: stopped\nmia stopped it after 24 hours;');
    expect(readMarkdown(stopped).boxes).toEqual([['Start again', false]]);
  });

  test('what was said of it stays as it was, unless it ended for another reason since', () => {
    const text = comment(none, { previous: running });
    expect(comment({ ...none, removed: null }, { previous: text, options: { now: NOW + DAY } })).toBe(text);
    const expired = comment({ ...none, reason: 'expired' }, { previous: running });
    expect(comment({ ...none, removed: null }, { previous: expired })).toContain('### Preview: removed');
  });

  test('a comment that a failure left behind as ready is put right', () => {
    const text = comment({ ...none, removed: null }, { previous: running });
    expect(text).toContain('### Preview: removed');
    expect(text).not.toContain('Open the preview');
  });

  test('preview.yaml went away', () => {
    expect(comment({ state: 'no-file', removed: live }, { previous: running })).toContain('### Preview: removed');
  });
});

describe('nothing to say', () => {
  test.each([
    { state: 'none', reason: 'draft', sentence: 'It is a draft.', removed: null },
    { state: 'no-file', removed: null },
    { state: 'unknown', reason: 'time-out' },
  ] as PreviewState[])('$state: no comment where there never was one', (state) => {
    expect(renderComment(state, null, subject, options)).toBeNull();
  });

  test('a repository that is no source, and had no preview, gets no check either', () => {
    const state = { state: 'none', reason: 'not-a-source', sentence: 'acme/shop gets no previews.' } as const;
    expect(renderCheck({ ...state, removed: null }, null, subject, options)).toBeNull();
    expect(renderCheck({ ...state, removed: live }, null, subject, options)).toMatchObject({ conclusion: 'neutral' });
  });

  test('unknown leaves no tick that was dealt with: it would count again after a later command', () => {
    const plain = comment({ state: 'none', reason: 'stopped', sentence: 'mia stopped it', removed: live });
    const ticked = plain.replace('- [ ] Start again', '- [x] Start again');
    expect(ticked).not.toBe(plain);
    expect(renderComment({ state: 'unknown', reason: 'x' }, null, subject, options, ticked)).toBe(plain);
  });

  test('unknown changes neither comment nor check', () => {
    expect(renderComment({ state: 'unknown', reason: 'x' }, null, subject, options, comment(ready))).toBeNull();
    expect(renderCheck({ state: 'unknown', reason: 'x' }, null, subject, options)).toBeNull();
  });
});

test('the check says what is next: neutral and a link for no file, a link to edit for a mistake', () => {
  const none = renderCheck({ state: 'no-file', removed: null }, null, subject, options);
  expect(none).toMatchObject({ conclusion: 'neutral', title: 'No preview.yaml' });
  expect(none?.summary).toContain('https://github.example.com/acme/shop/new/fix-header?filename=preview.yaml');
  const problems = [{ file: 'preview.yaml', line: 3, message: 'must be small' }];
  const invalid = renderCheck({ state: 'invalid', problems, live: null }, null, subject, options);
  expect(invalid).toMatchObject({ conclusion: 'failure', annotations: [{ startLine: 3 }] });
  expect(invalid?.summary).toContain('https://github.example.com/acme/shop/edit/fix-header/preview.yaml');
  const denied = renderCheck({ state: 'denied', findings: [finding], live: null }, null, subject, options);
  expect(denied?.summary).toContain('edit the file');
});
