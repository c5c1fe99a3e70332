import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { gitHubWebhooks } from '../../lib/github/webhook.ts';

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('a signature', () => {
  // The example of GitHub's own documentation.
  const secret = "It's a Secret to Everybody";
  const body = bytes('Hello, World!');
  const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';

  test('of the raw bytes is taken', () => {
    expect(gitHubWebhooks.isAuthentic({ 'x-hub-signature-256': signature }, body, secret)).toBe(true);
  });

  test.each([
    ['none', body, undefined, secret],
    ['another body', bytes('Hello, World!\n'), signature, secret],
    ['another secret', body, signature, 'guess'],
    ['a part of it', body, signature.slice(0, -2), secret],
    ['SHA-1', body, `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`, secret],
    ['upper case', body, signature.toUpperCase(), secret],
    ['no secret at all', body, `sha256=${createHmac('sha256', '').update(body).digest('hex')}`, ''],
  ])('%s is refused', (_, given, header, key) => {
    expect(gitHubWebhooks.isAuthentic({ 'x-hub-signature-256': header }, given, key)).toBe(false);
  });
});

describe('a push to the apps repo', () => {
  const apps = { path: 'Acme/previews', branch: undefined };
  const repository = { name: 'previews', owner: { login: 'acme' }, default_branch: 'trunk' };
  const shop7 = { repository: { path: 'acme/shop' }, number: 7 };
  const trailers = 'Preview: pr-shop-7\nPull-Request: acme/shop#7';
  const path = 'previews/main/shop/pr-shop-7/preview.json';
  const trigger = (commits: object[], more: object = {}) =>
    gitHubWebhooks.trigger(bytes({ ref: 'refs/heads/trunk', repository, commits, ...more }), apps, {
      'x-github-event': 'push',
    });

  test.each([
    ['a sync', `add pr-shop-7 (abc)\n\n${trailers}`, null],
    ['a proposal', `add pr-shop-7 (abc)\n\n${trailers}\nChange: 1`, { pulls: [shop7], sweep: false }],
    [
      'a proposal whose text became the message',
      'Merge it\n\n<!-- greenroom:proposal pr-shop-7 acme/shop#7 -->\r\nMerging starts it.',
      { pulls: [shop7], sweep: false },
    ],
    ['somebody', 'Remove the old one', { pulls: [], sweep: true }],
    ['somebody who quotes us', `Revert "add"\n\n${trailers}\n\nIt was too much.`, { pulls: [], sweep: true }],
  ])('by %s', (_, message, expected) => {
    expect(trigger([{ message, added: [path], removed: [], modified: [] }])).toEqual(expected);
  });

  test('a merge with the commit that it brings is told of once', async () => {
    const message = `add pr-shop-7 (abc)\n\n${trailers}\nChange: 1`;
    const commits = [
      { message, added: [path] },
      { message: 'Merge pull request #3 from acme/greenroom/pr-shop-7', added: [path] },
    ];
    expect(trigger(commits)).toEqual({ pulls: [shop7], sweep: false });
  });

  test('that touches nothing of ours is none; one that moves the branch back is one', () => {
    const commits = [{ message: 'Words', modified: ['README.md', 'docs/previews/main/shop/pr-shop-7/x'] }];
    expect(trigger(commits)).toBeNull();
    expect(trigger([], { forced: true })).toEqual({ pulls: [], sweep: true });
    expect(trigger([{ message: 7, added: null, modified: [{}] }])).toBeNull();
  });
});

describe('a hint', () => {
  const repository = { name: 'shop', owner: { login: 'acme' }, full_name: 'evil/other' };
  const shop7 = { repository: { path: 'acme/shop' }, number: 7 };

  test.each([
    ['pull_request', { action: 'closed', repository, pull_request: { number: 7, state: 'open' } }, shop7],
    ['issue_comment', { repository, issue: { number: 7, pull_request: {} } }, shop7],
    [
      'issue_comment',
      { repository, issue: { number: 7, pull_request: {} }, comment: { id: 5 } },
      { ...shop7, commentId: 5 },
    ],
    ['issue_comment', { repository, issue: { number: 7 } }, null],
    ['push', { repository, pull_request: { number: 7 } }, null],
    ['pull_request', { repository, pull_request: { number: '7' } }, null],
    ['pull_request', { repository, pull_request: { number: -7 } }, null],
    ['pull_request', { repository: { name: 'shop' }, pull_request: { number: 7 } }, null],
    ['pull_request', 'null', null],
    ['pull_request', '{"repository":', null],
  ])('of %s %j', (event, payload, hint) => {
    expect(gitHubWebhooks.trigger(bytes(payload), null, { 'x-github-event': event })).toEqual(
      hint && { pulls: [hint], sweep: false },
    );
  });

  test.each([
    [{ number: 7, repository: { full_name: 'acme/shop' } }, shop7],
    [{ repository, pull_request: { number: 7 } }, shop7],
    [
      { repository, issue: { number: 7, pull_request: {} }, comment: { id: 5 } },
      { ...shop7, commentId: 5 },
    ],
    [{ repository, issue: { number: 7 } }, null],
    [{ repository: { full_name: '../shop' }, number: 7 }, null],
  ])('of a file without headers, by its form: %j', (payload, pull) => {
    expect(gitHubWebhooks.trigger(bytes(payload), null)).toEqual(pull && { pulls: [pull], sweep: false });
  });
});
