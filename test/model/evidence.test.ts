import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isSubject } from '../../lib/evidence/signatures/check.ts';
import { platform } from '../support/inputs.ts';

const pem = (pair: { publicKey: { export(o: object): string | Buffer } }) =>
  JSON.stringify(String(pair.publicKey.export({ type: 'spki', format: 'pem' })));
const EC = pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const identity = (subject: string) =>
  `identities: [{ issuer: https://issuer.example, subject: ${JSON.stringify(subject)} }]`;
const ROOT = 'trustedRoots: [trust/sigstore.json]';

const load = (settings: string) => platform(`evidence: { ${settings} }`).evidence;

test('whose signatures count is keys, identities or both', () => {
  expect(load(`require: [signature], keys: [${EC}]`)).toMatchObject({ reportAge: '7d', unknownSeverity: 'high' });
  expect(load(`require: [signature], ${identity('ci@acme.example')}, ${ROOT}`).identities).toHaveLength(1);
  expect(load(`keys: [${pem(generateKeyPairSync('ed25519'))}]`).keys).toHaveLength(1);
});

const privatePem = JSON.stringify(
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
);

test.each([
  ['nobody to sign', 'require: [digest, sbom]', 'spec.evidence.require', 'requires sbom, which must be signed'],
  ['identities without a root', identity('a@b'), 'spec.evidence.trustedRoots', 'the trusted certificates'],
  ['a root elsewhere', 'trustedRoots: [../root.json]', 'trustedRoots[0]', 'must be a file such as trust/sigstore.json'],
  ['a key that is none', 'keys: ["s3cret"]', 'keys[0]', 'must be a public key in PEM'],
  ['a private key', `keys: [${privatePem}]`, 'keys[0]', 'must be a public key in PEM'],
  [
    'a short RSA key',
    `keys: [${pem(generateKeyPairSync('rsa', { modulusLength: 1024 }))}]`,
    'keys[0]',
    'must be a public',
  ],
  ['a subject that is anything', identity('*'), 'subject', 'must be a subject'],
  ['two stars side by side', identity('https://github.com/a**'), 'subject', 'must be a subject'],
  ['no end', 'allow: [{ id: CVE-2026-1, reason: unreachable }]', 'allow[0].until', ''],
  [
    'an end that is no day',
    'allow: [{ id: CVE-2026-1, reason: unreachable, until: 2026-02-31 }]',
    'until',
    'must be a day',
  ],
  ['no reason', 'allow: [{ id: CVE-2026-1, reason: " ", until: 2026-12-31 }]', 'reason', 'must give a reason'],
])('%s is told', (_, settings, field, message) => {
  try {
    load(settings);
  } catch (error) {
    expect(String(error)).toContain(field);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toMatch(/PRIVATE|s3cret/);
    return;
  }
  expect.unreachable('was taken');
});

describe('a subject', () => {
  const WORKFLOW = 'https://github.com/acme/ci/.github/workflows/build.yml@refs/heads/main';
  test.each([
    [WORKFLOW, WORKFLOW, true],
    [`${WORKFLOW}-evil`, WORKFLOW, false],
    [`https://evil.example/?${WORKFLOW}`, WORKFLOW, false],
    [WORKFLOW.replace('build.yml', 'buildxyml'), WORKFLOW, false],
    [WORKFLOW, WORKFLOW.replace('/ci/', '/*/'), true],
    [WORKFLOW.replace('/ci/', '/ci/x/'), WORKFLOW.replace('/ci/', '/*/'), false],
    [
      WORKFLOW.replace('refs/heads/main', 'refs/pull/7/merge'),
      WORKFLOW.replace('refs/heads/main', 'refs/pull/*/merge'),
      true,
    ],
    ['mia@acme.example', '*@acme.example', true],
    ['mia@evil.example@acme.example', '*@acme.example', false],
    ['mia@acme.example\n', '*@acme.example', false],
  ])('%j is %s: %s', (subject, pattern, is) => {
    expect(isSubject(subject, pattern)).toBe(is);
  });
});
