import { expect, test } from 'vitest';
import { compileOptions, compilePolicies } from '../../../lib/policies/engines/index.ts';
import { keyPair } from '../../evidence/signing.ts';
import { platform } from '../../support/inputs.ts';

const KEYS = `keys: [${JSON.stringify(keyPair().pem)}]`;
const IDENTITIES =
  'identities: [{ issuer: https://issuer.example, subject: ci@acme.example }], trustedRoots: [trust/a.json]';

function compiled(
  evidence: string,
  rest = 'policies: { engines: [kyverno, vap] }',
  engine: 'kyverno' | 'vap' = 'kyverno',
) {
  const objects = compilePolicies(compileOptions(platform(`evidence: { ${evidence} }\n${rest}`), engine));
  return objects.filter(({ kind }) => kind === 'ImageValidatingPolicy');
}

const names = (objects: ReturnType<typeof compiled>) => objects.map(({ metadata }) => metadata.name);

test('Kyverno verifies images itself where the platform wants it, for what is demanded alone', () => {
  const all = `require: [signature, sbom, provenance, vulnerabilities], admission: signatures, ${KEYS}`;
  expect(names(compiled(all))).toEqual(['greenroom-signed-image-verified', 'greenroom-sbom-attached-verified']);
  expect(names(compiled(`require: [signature], admission: signatures, ${KEYS}`))).toEqual([
    'greenroom-signed-image-verified',
  ]);
  expect(compiled(`require: [signature, sbom], ${KEYS}`)).toEqual([]);
  expect(compiled(all, undefined, 'vap')).toEqual([]);
});

test('a rule that is off or warns is so in both of its policies', () => {
  const severities = (severity: string) =>
    `policies: { engines: [kyverno], severities: { signed-image: "${severity}" } }`;
  const evidence = `require: [signature], admission: signatures, ${KEYS}`;
  expect(compiled(evidence, severities('off'))).toEqual([]);
  expect(compiled(evidence, severities('warn'))).toMatchObject([{ spec: { validationActions: ['Warn', 'Audit'] } }]);
});

test.each([
  ['with another engine alone', KEYS, 'policies: { engines: [vap] }', 'only with the engine kyverno'],
  [
    'with identities',
    `${KEYS}, ${IDENTITIES}`,
    'policies: { engines: [kyverno] }',
    'cannot be signatures with identities',
  ],
])('%s it is refused, with the setting that would help', (_, signers, rest, message) => {
  expect(() => compiled(`require: [signature], admission: signatures, ${signers}`, rest)).toThrow(message);
});
