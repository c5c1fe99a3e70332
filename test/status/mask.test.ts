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
    'the password is hunter2',
    'passphrase => hunter2',
    'pw=hunter2',
    'otp: 123456',
    '"{\\"password\\":\\"hunter2\\"}"',
    'body=password%22%3A%22hunter2',
    "('password', 'hunter2')",
    '<password>hunter2</password>',
    '<ns:apiKey type="x">hunter2</ns:apiKey>',
    'X-Auth-Key: hunter2',
    'Ocp-Apim-Subscription-Key: hunter2',
    'session_id=hunter2',
    'PHPSESSID=hunter2',
    'jwt: hunter2',
    'AUTH=hunter2',
    'curl -u shop:hunter2 https://db',
    'mysql -h db -phunter2 shop',
    'redis-cli -h cache -a hunter2',
    'root:hunter2@tcp(db:3306)/shop',
    'amqp://shop:hunter2@queue/',
    'posting to https://hooks.slack.com/services/T0/B0/x',
    'GET /maps?key=hunter2',
    'mnemonic: witch collapse practice feed shame open',
    'seed phrase: witch collapse practice feed shame open',
    'Passwort: hunter2',
    'Kennwort = hunter2',
    'mot de passe : hunter2',
    'contraseña: hunter2',
    'пароль: hunter2',
    '密码: hunter2',
    'using 9f86d081884c7d659a2feaa0c55ad015',
    'x-goog 550e8400-e29b-41d4-a716-446655440000',
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
    'the password must not be empty',
    'Error: connect ECONNREFUSED 127.0.0.1:5432',
    'error: relation "sessions" does not exist',
    'npm ERR! missing script: start',
    'panic: runtime error: index out of range [5] with length 3',
    'mkdir -p /app/data',
    'Traceback (most recent call last):',
    '2026-11-30T10:00:00Z INFO ready in 20 ms',
  ])('%s is shown', (line) => {
    expect(masked(line)).toBe(line);
  });

  test('what follows a name without its value, and the whole of a key, are left out', () => {
    const key = ['-----BEGIN RSA PRIVATE KEY-----', 'MIIabc', 'AQAB', '-----END RSA PRIVATE KEY-----'];
    const lines = ['Password:', 'hunter2', 'one', 'token: |', 'hunter2', 'two', ...key, 'three'];
    expect(cleanLines(lines).filter((line) => line !== MASKED)).toEqual(['Password:', 'one', 'two', 'three']);
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
