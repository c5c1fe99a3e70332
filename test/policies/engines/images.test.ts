import { expect, test } from 'vitest';
import { platformFence } from '../../../lib/constructs/preview-namespace/platform-fence.ts';
import type { Exception } from '../../../lib/model/exception.ts';
import type { Engine } from '../../../lib/model/platform.ts';
import { compileOptions, compilePolicies } from '../../../lib/policies/engines/index.ts';
import { keyPair } from '../../evidence/signing.ts';
import { platform } from '../../support/inputs.ts';

const KEYS = `keys: [${JSON.stringify(keyPair().pem)}]`;
const IDENTITIES =
  'identities: [{ issuer: https://issuer.example, subject: ci@acme.example }], trustedRoots: [trust/a.json]';

function compiled(
  evidence: string,
  rest = 'policies: { engines: [kyverno, vap] }',
  engine: Engine = 'kyverno',
  exceptions: readonly Exception[] = [],
) {
  const options = compileOptions(platform(`evidence: { ${evidence} }\n${rest}`), engine);
  return compilePolicies({ ...options, exceptions }).filter(({ metadata }) => metadata.name.endsWith('-verified'));
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

const LEGACY = 'policies: { engines: [kyverno-legacy] }';
const SIGNATURES = `require: [signature, sbom], admission: signatures, ${KEYS}`;

test.each<[string, string, string, Engine, string, string]>([
  ['verifyImages of Kyverno', 'verifier: kyverno-legacy', LEGACY, 'kyverno-legacy', 'kyverno.io/v1', 'ClusterPolicy'],
  [
    'policy-controller',
    'verifier: policy-controller',
    'policies: { engines: [vap, gatekeeper] }',
    'vap',
    'policy.sigstore.dev/v1beta1',
    'ClusterImagePolicy',
  ],
])('%s verifies signatures in the older layout', (_, verifier, rest, engine, apiVersion, kind) => {
  const evidence = `${SIGNATURES}, ${verifier}, layout: older`;
  expect(compiled(evidence, rest, engine)).toMatchObject([
    { apiVersion, kind, metadata: { name: 'greenroom-signed-image-verified' } },
  ]);
  expect(compiled(evidence, rest, 'gatekeeper')).toEqual([]);
});

const exception = (where: Partial<Exception>): Exception => ({
  name: 'a',
  file: 'exceptions/a.yaml',
  rules: ['signed-image'],
  reason: 'a test',
  approver: '@platform',
  until: 2e9,
  ...where,
});

test('an exception of a preview is one of verifyImages, too', () => {
  const evidence = `${SIGNATURES}, verifier: kyverno-legacy, layout: older`;
  expect(compiled(evidence, LEGACY, 'kyverno-legacy', [exception({ preview: 'pr-shop-7' })])).toMatchObject([
    { spec: { rules: [{ exclude: { any: [{ resources: { namespaces: ['pr-shop-7'] } }] } }] } },
  ]);
});

test('pods of previews are looked at by policy-controller', () => {
  const labels = (verifier: string) =>
    platformFence(platform(`evidence: { ${SIGNATURES}, verifier: ${verifier} }`)).labels;
  expect(labels('policy-controller')).toMatchObject({ 'policy.sigstore.dev/include': 'true' });
  expect(labels('kyverno')).toEqual({});
});

const ALL = 'policies: { engines: [vap, kyverno, kyverno-legacy, gatekeeper] }';
test.each<[string, string, string, string]>([
  ['another engine alone', KEYS, 'policies: { engines: [vap] }', 'add it to policies.engines'],
  [
    'another engine alone, for verifyImages',
    `${KEYS}, verifier: kyverno-legacy, layout: older`,
    'policies: { engines: [kyverno] }',
    'only with the engine kyverno-legacy',
  ],
  ['identities', `${KEYS}, ${IDENTITIES}`, ALL, 'cannot be signatures with identities'],
  [
    'identities and policy-controller',
    `${KEYS}, ${IDENTITIES}, verifier: policy-controller, layout: older`,
    ALL,
    'use keys alone, or notes',
  ],
  ['the older layout and Kyverno', `${KEYS}, layout: older`, ALL, 'set bundle, and sign with cosign 3'],
  ['bundles and verifyImages', `${KEYS}, verifier: kyverno-legacy`, ALL, 'set older, and sign with'],
  ['bundles and policy-controller', `${KEYS}, verifier: policy-controller`, ALL, 'set older, and sign with'],
])('with %s it is refused, with the setting that would help', (_, signers, rest, message) => {
  expect(() => compiled(`require: [signature], admission: signatures, ${signers}`, rest)).toThrow(message);
});

test.each([['kyverno-legacy'], ['policy-controller']])(
  'what %s cannot express of demands and exceptions is refused, with what would help',
  (verifier) => {
    const evidence = (require: string) =>
      `require: [${require}], admission: signatures, ${KEYS}, verifier: ${verifier}, layout: older`;
    const engine = verifier === 'kyverno-legacy' ? 'kyverno-legacy' : 'vap';
    expect(() => compiled(evidence('sbom'), ALL, engine)).toThrow('must contain signature');
    const excepted = [exception({ repository: 'acme/shop' })];
    expect(() => compiled(evidence('signature'), ALL, engine, excepted)).toThrow(
      /signed-image: cannot except acme\/shop .* set evidence\.verifier: kyverno/,
    );
  },
);
