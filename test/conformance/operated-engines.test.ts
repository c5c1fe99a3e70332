import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emitYaml } from '../../lib/core/yaml.ts';
import type { Engine } from '../../lib/model/platform.ts';
import { compileOptions, compilePolicies } from '../../lib/policies/engines/index.ts';
import { allowedKinds } from '../../lib/policies/rules/allowed-kinds.ts';
import { noOwners } from '../../lib/policies/rules/no-owners.ts';
import { reservedKeys } from '../../lib/policies/rules/reserved-keys.ts';
import { CASE_NAMESPACE } from '../policies/cases.ts';
import { platform } from '../support/inputs.ts';
import { OPERATOR, operatedPostgres } from '../support/operator.ts';
import { judge } from './judges.ts';
import { tryRun } from './run.ts';

// What an operator writes for its own object, as every engine sees it: only who asks tells it from a maker's.

const RULES = [allowedKinds, noOwners, reservedKeys];
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

/** The part of Kyverno's report that is read. */
interface Report {
  readonly results: readonly { policy: string; result: string; resources: readonly { name: string }[] }[];
}

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
    for (const user of [OPERATOR, STRANGER]) {
      const cases = CASES.filter(([, each]) => each === user);
      const objects = cases.map(([, , object]) => object);
      const { stdout } = await tryRun(binary, [
        ...['apply', file('policies.yaml', ...policiesOf(engine)), '--resource', file('objects.yaml', ...objects)],
        ...[
          '--values-file',
          file('values.yaml', cli('Values', { namespaces: [{ metadata: CASE_NAMESPACE.metadata }] })),
        ],
        ...['--userinfo', file('user.yaml', cli('UserInfo', { userInfo: { username: user } }))],
        ...['--policy-report', '--output-format', 'json'],
      ]);
      const json = stdout.slice(stdout.indexOf('{"kind"'), stdout.lastIndexOf('}') + 1);
      const { results } = JSON.parse(json) as Report;
      for (const [what, , { metadata }, rules] of cases) {
        const own = results.filter(({ resources }) => resources[0]?.name === metadata.name);
        const policies = (some: typeof own) => some.map(({ policy }) => policy).sort();
        expect(policies(own), what).toEqual(RULES.map(({ id }) => `greenroom-${id}`).sort());
        const failed = own.filter(({ result }) => result === 'fail');
        expect(policies(failed), what).toEqual(rules.map((id) => `greenroom-${id}`).sort());
      }
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
        template: basename(file(`template-${id}.yaml`, template)),
        constraint: basename(file(`constraint-${id}.yaml`, constraint)),
        cases: CASES.map(([what, , , rules], i) => ({
          name: what,
          object: basename(reviews[i]!),
          inventory: ['namespace.yaml'],
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
