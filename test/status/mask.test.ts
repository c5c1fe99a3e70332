import { describe, expect, test } from 'vitest';
import { MASKED, masked } from '../../lib/status/mask.ts';
import { cleanLines, MAX_LINES } from '../../lib/status/observation.ts';
import fc from '../support/property.ts';

const SECRET = `${'aZ9'.repeat(8)}Qx`;

describe('a line of a log', () => {
  test.each([
    `STRIPE_KEY=sk_live_${SECRET}`,
    `token: ghp_${SECRET}${SECRET}`,
    `connecting to postgres://shop:hunter2@db:5432/shop`,
    `password = hunter2`,
    `DB_PASS=hunter2`,
    `PGPASSWORD: hunter2`,
    `pwd="hunter2"`,
    `Authorization: Bearer abc`,
    `authorization=Basic c2hvcDpodW50ZXIy`,
    `Set-Cookie: session=1`,
    `-----BEGIN PRIVATE KEY-----`,
    `AWS_ACCESS_KEY_ID AKIAABCDEFGHIJKLMNOP`,
    `{"client_secret":"hunter2"}`,
    `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc`,
    `key is ${SECRET}`,
    `mysql -u shop -p --password=hunter2`,
    `mysql -u shop --password hunter2`,
    `connecting to redis://:hunter2@cache:6379`,
    `SECRET_KEY=hunter2`,
    `TOKEN_VALUE: hunter2`,
    `API_KEY_2=hunter2`,
    `access_key=hunter2`,
    `DefaultEndpointsProtocol=https;AccountKey=hunter2`,
    `secretKey: "hunter2"`,
    `encryption-key=hunter2`,
    `POST client_secret%3Dhunter2`,
  ])('%s is left out', (line) => {
    expect(masked(line)).toBe(MASKED);
  });

  test.each([
    'Error: listen EADDRINUSE: address already in use :::8080',
    "TypeError: Cannot read properties of undefined (reading 'map')",
    '    at Object.<anonymous> (/app/server.js:12:7)',
    'ModuleNotFoundError: No module named flask',
    'passed 3 of 4 tests',
    'exit status 1',
    'GET http://localhost:3000/node_modules/@vite/client 200',
    'Missing environment variable STRIPE_KEY',
    '2026-11-30T10:00:00Z INFO ready in 20 ms',
  ])('%s is shown', (line) => {
    expect(masked(line)).toBe(line);
  });

  test('holds no secret of a known form, wherever it stands, and no more than twenty are kept', () => {
    const word = fc.stringMatching(/^[a-z ]{0,20}$/);
    const secret = fc.constantFrom(`sk_live_${SECRET}`, `ghp_${SECRET}`, `xoxb-${SECRET}`, `//u:${SECRET}@h`);
    fc.assert(
      fc.property(fc.array(fc.tuple(word, secret, word), { maxLength: 40 }), (lines) => {
        const shown = cleanLines(lines.map((parts) => parts.join(' ')));
        expect(shown.length).toBeLessThanOrEqual(MAX_LINES);
        expect(shown.join('\n')).not.toContain(SECRET);
      }),
    );
  });

  test('is one line of bounded length, whatever it holds', () => {
    const [line] = cleanLines([`\u001b[31m# ${'y '.repeat(50_000)}\u202e`]);
    expect(line!.length).toBeLessThanOrEqual(300);
    expect(line).not.toMatch(/\p{Cc}|\u202e/u);
  });
});
