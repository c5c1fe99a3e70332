import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isAuthentic, webhookHint } from '../../lib/github/webhook.ts';

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('a signature', () => {
  // The example of GitHub's own documentation.
  const secret = "It's a Secret to Everybody";
  const body = bytes('Hello, World!');
  const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';

  test('of the raw bytes is taken', () => {
    expect(isAuthentic(body, signature, secret)).toBe(true);
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
    expect(isAuthentic(given, header, key)).toBe(false);
  });
});

describe('a hint', () => {
  const repository = { name: 'shop', owner: { login: 'acme' }, full_name: 'evil/other' };
  const shop7 = { repository: { owner: 'acme', name: 'shop' }, number: 7 };

  test.each([
    ['pull_request', { action: 'closed', repository, pull_request: { number: 7, state: 'open' } }, shop7],
    ['issue_comment', { repository, issue: { number: 7, pull_request: {} } }, shop7],
    ['issue_comment', { repository, issue: { number: 7 } }, null],
    ['push', { repository, pull_request: { number: 7 } }, null],
    ['pull_request', { repository, pull_request: { number: '7' } }, null],
    ['pull_request', { repository, pull_request: { number: -7 } }, null],
    ['pull_request', { repository: { name: 'shop' }, pull_request: { number: 7 } }, null],
    ['pull_request', 'null', null],
    ['pull_request', '{"repository":', null],
  ])('of %s %j', (event, payload, hint) => {
    expect(webhookHint(event, bytes(payload))).toEqual(hint);
  });
});
