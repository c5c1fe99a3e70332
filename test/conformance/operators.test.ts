import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emitYaml } from '../../lib/core/yaml.ts';
import type { Engine } from '../../lib/model/platform.ts';
import { compileOptions, compilePolicies } from '../../lib/policies/engines/index.ts';
import { allowedKeys } from '../../lib/policies/rules/allowed-keys.ts';
import { allowedKinds } from '../../lib/policies/rules/allowed-kinds.ts';
import { noOwners } from '../../lib/policies/rules/no-owners.ts';
import { CASE_NAMESPACE } from '../policies/cases.ts';
import { platform } from '../support/inputs.ts';
import { OPERATOR, operatedPostgres } from '../support/operator.ts';
import { judge } from './judges.ts';
import { tryRun } from './run.ts';

// What an operator writes for its own object, as every engine sees it: only who asks tells it from a maker's.

const RULES = [allowedKinds, noOwners, allowedKeys];
const NAMESPACE = CASE_NAMESPACE.metadata.name;
const STRANGER = 'system:serviceaccount:tools:robot';

const owned = (kind: string, name: string, owner: object = {}) => ({
  apiVersion: 'v1',
  kind,
  metadata: {
    name,
    namespace: NAMESPACE,
    labels: { 'cnpg.io/cluster': 'pr-shop-7-db' },
    ownerReferences: [
      { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'pr-shop-7-db', uid: '1', ...owner },
    ],
  },
});
const CASES: readonly [what: string, user: string, object: ReturnType<typeof owned>, rules: readonly string[]][] = [
  ['what its object owns', OPERATOR, owned('Secret', 'app'), []],
  ['a claim of its object', OPERATOR, owned('PersistentVolumeClaim', 'data'), []],
  ["a stranger's Secret that its object owns", STRANGER, owned('Secret', 'stolen'), RULES.map(({ id }) => id)],
  [
    'what another preview owns',
    OPERATOR,
    owned('Secret', 'other', { name: 'pr-bank-1-db' }),
    RULES.map(({ id }) => id),
  ],
  [
    'what another kind owns',
    OPERATOR,
    owned('Secret', 'kind', { apiVersion: 'example.com/v1' }),
    RULES.map(({ id }) => id),
  ],
  ['a kind that is not of its class', OPERATOR, owned('ResourceQuota', 'more'), RULES.map(({ id }) => id)],
];

const policiesOf = (engine: Engine) =>
  compilePolicies({ ...compileOptions(platform(operatedPostgres()), engine), onlyRules: RULES, guards: false });

describe('the work of an operator', () => {
  let folder: string;
  const file = (name: string, ...documents: readonly unknown[]) => {
    const path = join(folder, name);
    writeFileSync(path, documents.map((document) => emitYaml(document)).join('---\n'));
    return path;
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'greenroom-operators-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(['vap', 'kyverno', 'kyverno-legacy'] as const)('is let in by %s, and nothing else is', async (engine) => {
    const binary = await judge('kyverno');
    const cli = (kind: string, rest: object) => ({
      apiVersion: 'cli.kyverno.io/v1alpha1',
      kind,
      metadata: { name: 'x' },
      ...rest,
    });
    for (const [what, user, object, rules] of CASES) {
      const { stdout } = await tryRun(binary, [
        ...['apply', file('policies.yaml', ...policiesOf(engine)), '--resource', file('object.yaml', object)],
        ...[
          '--values-file',
          file('values.yaml', cli('Values', { namespaces: [{ metadata: CASE_NAMESPACE.metadata }] })),
        ],
        ...['--userinfo', file('user.yaml', cli('UserInfo', { userInfo: { username: user } }))],
        ...['--policy-report', '--output-format', 'json'],
      ]);
      const json = stdout.slice(stdout.indexOf('{"kind"'), stdout.lastIndexOf('}') + 1);
      const { results } = JSON.parse(json) as { results: { policy: string; result: string }[] };
      expect(results.map(({ policy }) => policy).sort(), what).toEqual(RULES.map(({ id }) => `greenroom-${id}`).sort());
      const failed = results.filter(({ result }) => result === 'fail').map(({ policy }) => policy);
      expect(failed.sort(), what).toEqual(rules.map((id) => `greenroom-${id}`).sort());
    }
  });

  it('is let in by gatekeeper, and nothing else is', async () => {
    const binary = await judge('gator');
    const all = policiesOf('gatekeeper');
    file('namespace.yaml', CASE_NAMESPACE);
    const reviews = CASES.map(([, username, object], i) => {
      const kind = { group: '', version: 'v1', kind: object.kind };
      const request = { uid: '1', operation: 'CREATE', kind, namespace: NAMESPACE, userInfo: { username }, object };
      return file(`review-${i}.yaml`, { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
    });
    const tests = RULES.map(({ id }) => {
      const constraint = all.find(({ metadata }) => metadata.name === `greenroom-${id}`)!;
      const template = all.find(({ metadata }) => metadata.name === constraint.kind.toLowerCase())!;
      return {
        name: id,
        template: file(`template-${id}.yaml`, template),
        constraint: file(`constraint-${id}.yaml`, constraint),
        cases: CASES.map(([what, , , rules], i) => ({
          name: what,
          object: reviews[i],
          inventory: [join(folder, 'namespace.yaml')],
          assertions: [{ violations: rules.includes(id) ? 'yes' : 'no' }],
        })),
      };
    });
    const suite = file('suite.yaml', { apiVersion: 'test.gatekeeper.sh/v1alpha1', kind: 'Suite', tests });
    const { code, stdout, stderr } = await tryRun(binary, ['verify', suite, '--verbose']);
    expect(code, `${stdout}${stderr}`).toBe(0);
    expect(stdout.match(/--- PASS: /g)).toHaveLength(RULES.length * (CASES.length + 1));
  });
});
