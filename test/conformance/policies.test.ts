import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { compileOptions, compilePolicies } from '../../lib/policies/engines/index.ts';
import { type Rule, ruleMessage } from '../../lib/policies/rule.ts';
import { RULES } from '../../lib/policies/rules/index.ts';
import { listCases, type RuleCase } from '../policies/cases.ts';
import { UNSET, WRONG } from '../policies/empty-texts.ts';
import { goodDeployment, STRICT_PLATFORM as platform } from '../policies/support.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { judge } from './judges.ts';
import { dryRun, installPolicies, verdictOf } from './policies/admission.ts';
import { ApiServer, type Impersonation, type Manifest } from './policies/api-server.ts';
import { objects } from './policies/arbitraries.ts';
import { complete } from './policies/complete.ts';
import { isForeign } from './policies/crds.ts';
import {
  type Disagreement,
  disagreements,
  JUDGES,
  type JudgeColumn,
  judgeAll,
  looksAt,
  type Matrix,
  type MatrixInput,
  NOT_ASKED,
  type Subject,
  type Verdict,
} from './policies/matrix.ts';
import { table } from './policies/table.ts';

const options = compileOptions(platform, 'vap');
const namespace = (name: string, annotations = {}, preview = true): Manifest => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, annotations, ...(preview ? { labels: { 'greenroom.dev/preview': name } } : {}) },
});

const LARGE = {
  image: 'ghcr.io/acme/shop:pr-7',
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  resources: { requests: { cpu: '3', memory: '1Gi' }, limits: { cpu: '3', memory: '1Gi' } },
};

const EXCEPTION = { reason: 'to see that it holds', approver: '@alice', until: 0, file: 'exceptions/x.yaml' };

let cluster: Cluster;
let api: ApiServer;

beforeAll(async () => {
  await judge('kyverno');
  await judge('gator');
  // Without the plugin no namespace needs an account before a pod; privileged pods get as far as the policies.
  cluster = await startCluster({
    apiServerArgs: ['--disable-admission-plugins=ServiceAccount', '--allow-privileged=true'],
  });
  const config = JSON.parse(readFileSync(cluster.kubeconfig, 'utf8')) as { users: { user: { token: string } }[] };
  api = new ApiServer({ server: cluster.server, token: config.users[0]?.user.token as string });
});

afterAll(async () => {
  api?.close();
  await cluster?.stop();
});

/** A name, or where the name is judged, a namespace that no two subjects share. */
function numbered(object: Manifest, i: number): Manifest {
  const { metadata, kind } = object;
  if (kind === 'DomainMapping') return object;
  if (kind === 'Application') return { ...object, metadata: { ...metadata, namespace: `argocd-${i}` } };
  if (kind === 'Kustomization') return { ...object, metadata: { ...metadata, namespace: `flux-system-${i}` } };
  return { ...object, metadata: { ...metadata, name: `${metadata.name ?? 'x'}-${i}` } };
}

function namespacesOf(subjects: readonly Subject[]): Manifest[] {
  const names = new Set(subjects.map(({ object }) => object.metadata.namespace ?? ''));
  return [...names].map((name) => namespace(name, { 'greenroom.dev/repository': 'acme/shop' }, name.startsWith('pr-')));
}

const show = (all: readonly Disagreement[]) =>
  all.map(
    ({ judge: column, rule, subject, expected, found }) =>
      `${column}, ${rule}, ${subject.label}: here ${expected ?? 'passes'}; there ${found ?? 'passes'}\n${JSON.stringify(subject.object)}`,
  );

/** Where both refuse, they say the same: the sentence of the rule. Of a wrong type only the in-process check speaks so. */
function otherSentences(matrix: Matrix, subjects: readonly Subject[]): string[] {
  const own = matrix.get('in-process') ?? [];
  return [...matrix].flatMap(([column, verdicts]) =>
    verdicts.flatMap(({ refusals }, i) =>
      [...refusals].flatMap(([rule, message]) => {
        const expected = own[i]?.refusals.get(rule);
        return expected === undefined || expected === message || subjects[i]?.wrongType
          ? []
          : [`${column}, ${rule}, ${subjects[i]?.label}: ${message}`];
      }),
    ),
  );
}

/** Lists are taken apart by clients, and what has no namespace is in no preview: no engine is asked about either. */
function isAskedAtAdmission(object: RuleCase['object']): boolean {
  const { apiVersion, kind } = object as unknown as Manifest;
  return !(apiVersion === 'v1' && kind.endsWith('List')) && kind !== 'ClusterRole';
}

describe('the cases of every rule', () => {
  test('get the expected verdict, in the same words, from every judge', async () => {
    const asked = listCases().filter((c) => c.expect.inProcessOnly === undefined && isAskedAtAdmission(c.object));
    const groups = new Map<string, RuleCase[]>();
    for (const each of asked) {
      const key = JSON.stringify(each.params);
      groups.set(key, [...(groups.get(key) ?? []), each]);
    }
    const problems: string[] = [];
    const verdicts = new Map<JudgeColumn, Verdict[]>(JUDGES.map((column) => [column, []]));
    const subjects: Subject[] = [];
    for (const [round, group] of [...groups.values()].entries()) {
      const input = caseInput(group, `cases-${round}`);
      const matrix = await judgeAll(input);
      problems.push(...unexpected(matrix, group, input), ...show(disagreements(matrix, input)));
      problems.push(...otherSentences(matrix, input.subjects));
      for (const [column, some] of matrix) verdicts.get(column)?.push(...some);
      subjects.push(...input.subjects);
    }
    process.stdout.write(table(verdicts, { subjects, rules: RULES, namespaces: namespacesOf(subjects) }));
    expect(problems).toEqual([]);
  }, 900_000);

  /** Parameters of their own come in small groups, which only the rules of their cases look at. */
  function caseInput(group: readonly RuleCase[], round: string): MatrixInput {
    const subjects = group.map(subjectOf);
    const ids = new Set(group.map(({ rule }) => rule));
    const { params } = group[0] as RuleCase;
    const rules = RULES.filter(({ id }) => ids.has(id));
    return { api, rules, options: { ...options, params }, params, subjects, namespaces: namespacesOf(subjects), round };
  }

  function subjectOf({ rule, name, object, expect: { subresource, schemaInvalid } }: RuleCase, i: number): Subject {
    return {
      label: `${rule}/${name}`,
      rule,
      object: numbered(complete(object as unknown as Manifest, 'pr-shop-7'), i),
      ...(subresource === undefined ? {} : { subresource }),
      ...(schemaInvalid ? { wrongType: true } : {}),
    };
  }

  function unexpected(matrix: Matrix, asked: readonly RuleCase[], input: MatrixInput): string[] {
    return [...matrix].flatMap(([column, verdicts]) =>
      verdicts.flatMap(({ refusals, invalid }, i) => {
        if (invalid?.startsWith(NOT_ASKED)) return [];
        const { rule: id, name, expect: wanted } = asked[i] as RuleCase;
        const rule = RULES.find((each) => each.id === id) as Rule;
        if (!looksAt(column, rule, input.subjects[i] as Subject, input.namespaces)) return [];
        // What the API server refuses by itself is refused.
        const found = invalid !== undefined || refusals.has(id) ? 'deny' : 'allow';
        const problem = `${column}, ${id}/${name}: wanted ${wanted.verdict}, got ${invalid ?? found}`;
        return found === wanted.verdict ? [] : [problem];
      }),
    );
  }
});

test('an empty text counts for none where the API server takes it so', async () => {
  const status = async (text: string) => {
    const { metadata, ...object } = parse(text) as Manifest;
    const answer = await dryRun(api, { ...object, metadata: { ...metadata, namespace: 'default' } } as Manifest);
    return { text, takes: answer.status < 300, message: answer.body?.message };
  };
  expect((await Promise.all(UNSET.map(status))).filter(({ takes }) => !takes)).toEqual([]);
  expect((await Promise.all(WRONG.map(status))).filter(({ takes }) => takes)).toEqual([]);
});

describe('random objects around the rules', () => {
  const seed = Number(process.env['GREENROOM_SEED'] ?? 20_261_124);
  const runs = Number(process.env['GREENROOM_RUNS'] ?? 3000);

  test('get the same verdict here, from a real API server and from Gatekeeper', async () => {
    process.stdout.write(`${runs} random objects, GREENROOM_SEED=${seed}\n`);
    const subjects = fc
      .sample(objects, { seed, numRuns: runs })
      .map((object, i) => ({ label: `random ${i}`, object: numbered(object, i) }));
    const input: MatrixInput = {
      ...{ api, rules: RULES, options, params: options.params, subjects, namespaces: namespacesOf(subjects) },
      round: 'random',
      columns: ['in-process', 'kube-apiserver', 'gator'],
    };
    const matrix = await judgeAll(input);
    process.stdout.write(table(matrix, input));
    expect(show(disagreements(matrix, input))).toEqual([]);
    expect(otherSentences(matrix, subjects)).toEqual([]);
    // The generator is of use only while the API server takes most of what it makes.
    const judged = (matrix.get('kube-apiserver') ?? []).filter(({ invalid }) => invalid === undefined);
    expect(judged.length).toBeGreaterThan(runs * 0.8);
  });
});

const SHOP: Subject = { label: '', object: { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'pr-shop-7' } } };

describe('the policies as they are compiled, in a real API server', () => {
  const lenient = { ...options, params: { ...options.params, evidence: [] } };
  const reconciler = serviceAccount('pr-live-1', 'preview-reconciler');
  const fencer = serviceAccount('argocd', 'preview-fencer');
  const operator = serviceAccount('external-secrets', 'external-secrets');
  const person = { user: 'sam', groups: ['system:authenticated'] };
  const web: Manifest = parse(goodDeployment('pr-live-1'));
  const pod = (name: string, namespace: string, more = {}): Manifest => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: { ...(web['spec'] as { template: { spec: object } }).template.spec, ...more },
  });

  beforeAll(async () => {
    for (const made of [
      ...namespacesOf([SHOP]),
      namespace('pr-live-1', { 'greenroom.dev/repository': 'acme/live' }),
      namespace('pr-live-2', { 'greenroom.dev/repository': 'acme/other' }),
      namespace('elsewhere', {}, false),
    ]) {
      await api.apply(made);
    }
    // Admission is to be what refuses, so that everyone may do everything else.
    await api.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'everyone' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'system:authenticated' }],
    });
    const exceptions = [
      { ...EXCEPTION, name: 'a', rules: ['no-host-namespaces'], preview: 'pr-live-1' },
      { ...EXCEPTION, name: 'b', rules: ['no-host-path', 'allowed-volumes'], repository: 'Acme/Other' },
    ];
    const severities = { 'max-size': 'warn' as const };
    const compiled = compilePolicies({ ...lenient, exceptions, severities });
    await installPolicies(api, compiled as unknown as Manifest[], 'live');
  });

  const refusal = async (object: Manifest, as: Impersonation = reconciler) => {
    const { refusals, invalid } = verdictOf(await dryRun(api, object, as));
    expect(invalid).toBeUndefined();
    return [...refusals];
  };
  const sentence = (id: string) =>
    ruleMessage(RULES.find((rule) => rule.id === id) as Rule, '@platform', lenient.params);

  test('let a good preview pass', async () => {
    expect(await refusal(web)).toEqual([]);
  });

  test('refuse what a rule refuses, in the whole sentence of a rule that it breaks', async () => {
    const input = {
      ...{ api, rules: RULES, options, params: lenient.params, namespaces: namespacesOf([SHOP]), round: 'live' },
      subjects: listCases()
        .filter(({ object, expect: { subresource } }) => subresource === undefined && isAskedAtAdmission(object))
        .map(({ rule, name, object }, i) => ({
          label: `${rule}/${name}`,
          object: numbered(complete(object as unknown as Manifest, 'pr-shop-7'), i),
        }))
        .filter(({ object }) => object.metadata.namespace === 'pr-shop-7' && !isForeign(object)),
      columns: ['in-process'] as const,
    };
    const own = (await judgeAll(input)).get('in-process') as readonly Verdict[];
    let refused = 0;
    for (const [i, { label, object }] of input.subjects.entries()) {
      const { refusals, invalid } = verdictOf(await dryRun(api, object, person));
      if (invalid !== undefined) continue;
      const denied = new Set([...(own[i] as Verdict).refusals.keys()].filter((id) => id !== 'max-size'));
      expect(refusals.size > 0, label).toBe(denied.size > 0);
      for (const message of refusals.values()) {
        expect([...(own[i] as Verdict).refusals.values()], label).toContain(message);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });

  test('look at debug containers and at updates as well', async () => {
    const target = pod('debugged', 'pr-live-1');
    const path = await api.path(target);
    expect((await api.send('POST', path, target, operator)).status).toBe(201);
    const debug = { ephemeralContainers: [{ name: 'debug', image: 'busybox' }] };
    const attach = api.send('PATCH', `${path}/debugged/ephemeralcontainers?dryRun=All`, { spec: debug }, reconciler);
    expect([...verdictOf(await attach).refusals.keys()]).toHaveLength(1);
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: 'pr-live-1' },
      spec: { ports: [{ port: 80 }] },
    };
    expect((await api.send('POST', '/api/v1/namespaces/pr-live-1/services', service, reconciler)).status).toBe(201);
    const update = api.send(
      'PATCH',
      '/api/v1/namespaces/pr-live-1/services/s?dryRun=All',
      { spec: { type: 'NodePort' } },
      reconciler,
    );
    expect([...verdictOf(await update).refusals]).toEqual([['greenroom-no-node-port', sentence('no-node-port')]]);
  });

  test('never keep an object that is being deleted from losing its finalizers, and nothing else of it changes', async () => {
    const stuck = pod('stuck', 'pr-live-1');
    const held = { ...stuck, metadata: { ...stuck.metadata, finalizers: ['example.com/hold'] } };
    const path = `${await api.path(stuck)}/stuck`;
    expect((await api.send('POST', await api.path(stuck), held, operator)).status).toBe(201);
    const administrator = { user: 'root', groups: ['system:masters', 'system:authenticated'] };
    const release = { metadata: { finalizers: null } };
    const change = { spec: { activeDeadlineSeconds: 5 } };
    // A kind that makers may not hold, while it lives.
    expect([...verdictOf(await api.send('PATCH', path, release, administrator)).refusals.keys()]).toHaveLength(1);
    expect((await api.send('DELETE', path, undefined, administrator)).status).toBe(200);
    expect([...verdictOf(await api.send('PATCH', path, change, administrator)).refusals.keys()]).toHaveLength(1);
    expect((await api.send('PATCH', path, release, administrator)).status).toBe(200);
  });

  test('count finalizers for what an update adds, and know those of controllers', async () => {
    const service = (name: string, finalizers: string[]) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'pr-live-1', finalizers },
      spec: { ports: [{ port: 80 }] },
    });
    const path = '/api/v1/namespaces/pr-live-1/services';
    expect((await api.send('POST', path, service('held', ['example.com/hold']), operator)).status).toBe(201);
    const update = async (finalizers: string[]) =>
      verdictOf(await api.send('PATCH', `${path}/held?dryRun=All`, { metadata: { finalizers } }, reconciler)).refusals;
    expect(await update(['example.com/hold'])).toEqual(new Map());
    expect(await update(['example.com/hold', 'service.k8s.aws/resources'])).toEqual(new Map());
    expect([...(await update(['example.com/hold', 'example.com/more'])).keys()]).toEqual(['greenroom-no-finalizers']);
  });

  test('search a ConfigMap of 200,000 characters or 5,000 lines, however dense, and refuse larger ones in a sentence', async () => {
    const configMap = (data: Record<string, string>): Manifest => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'large', namespace: 'pr-live-1' },
      data,
    });
    const filled = (unit: string, length: number, lines: number) =>
      Array.from({ length: lines }, () =>
        unit.repeat(Math.ceil(length / lines / unit.length)).slice(0, length / lines - 1),
      ).join('\n');
    const keys = (count: number, name: string) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}-${i}`, `value ${i}`]));
    // Each begins the search for a credential again and again, and none is one.
    const begins =
      'asic AKIA ASIA AIza earer ghp_ gho_ npm_ pypi- xox _live_ _test_ SG. hf_ shp dapi hvs. sk- eyJ ://x machine x ';
    const words = 'The password, passphrase, secret, token, credential and api_key pass to mysql, curl or ldap, ?key ';
    const line = '{"title": "Requests", "url": "https://grafana.example.com/d/1?orgId=1", "key": "a"}\n';
    const long = line.repeat(Math.floor(195_000 / line.length));
    for (const [what, data] of Object.entries<Record<string, string>>({
      dashboard: { 'dashboard.json': long },
      begins: { a: filled(begins, 199_000, 4000) },
      words: { a: `${filled(words, 28_000, 280)}\n${filled('lorem ipsum ', 170_000, 4500)}` },
      both: { a: `${filled(words, 28_000, 280)}\n${filled(begins, 170_000, 4500)}` },
      keys: keys(4900, 'setting'),
      'likely keys': keys(980, 'ey'),
    })) {
      expect([what, await refusal(configMap(data))]).toEqual([what, []]);
    }
    const refused = [['greenroom-no-inline-secrets', sentence('no-inline-secrets')]];
    for (const [what, data] of Object.entries<Record<string, string>>({
      hidden: { 'dashboard.json': `${long}DB_PASSWORD=hunter2hunter2\n` },
      long: { a: 'x'.repeat(700_000) },
      lines: { a: 'assw\n'.repeat(30_000) },
      words: { a: filled(words, 190_000, 2000) },
      'long likely keys': keys(1900, `ey-${'oken-ey.'.repeat(25)}`),
      'many likely keys': keys(4900, 'ey'),
    })) {
      expect([what, await refusal(configMap(data))]).toEqual([what, refused]);
    }
  });

  test('warn where the platform says warn', async () => {
    const large = { containers: [{ name: 'web', ...LARGE }] };
    const answer = await dryRun(
      api,
      { ...web, spec: { ...(web['spec'] as object), template: templateWith(large) } },
      reconciler,
    );
    expect(answer.status).toBe(201);
    expect([...verdictOf(answer).refusals]).toEqual([['greenroom-max-size', sentence('max-size')]]);
  });

  test('honour exceptions for the preview or the repository that they name, and no other', async () => {
    const privileged = { hostPID: true };
    expect(await refusal(pod('x', 'pr-live-1', privileged), operator)).toEqual([]);
    const [[policy] = []] = await refusal(pod('x', 'pr-live-2', privileged), operator);
    expect(policy).toBe('greenroom-no-host-namespaces');
    const mounted = { volumes: [{ name: 'v', hostPath: { path: '/' } }] };
    expect(await refusal(pod('x', 'pr-live-2', mounted), operator)).toEqual([]);
    expect(await refusal(pod('x', 'pr-live-1', mounted), operator)).toHaveLength(1);
  });

  test('judge what makers write, and let trusted accounts write it for them', async () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: 'pr-live-1' },
      stringData: { a: 'b' },
    };
    expect(await refusal(secret, reconciler)).toHaveLength(1);
    expect(await refusal(secret, operator)).toEqual([]);
    expect(await refusal({ ...secret, metadata: { name: 's', namespace: 'elsewhere' } }, person)).toEqual([]);
  });

  test.each([
    ['another namespace', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'elsewhere' } }],
    ['another preview', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'pr-live-2' } }],
    ['no namespace', { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'c' } }],
    ['a namespace itself', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'pr-live-3' } }],
  ] as [string, Manifest][])('keep the accounts of a preview out of %s', async (_, object) => {
    expect((await refusal(object, reconciler)).map(([policy]) => policy)).toEqual(['greenroom-preview-accounts']);
    expect(await refusal(object, person)).toEqual([]);
  });

  test('let accounts of a preview ask who they are', async () => {
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {} };
    expect(
      (await api.send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', review, reconciler)).status,
    ).toBe(201);
  });

  const changes: [string, string, object][] = [
    ['takes the label off', '', { labels: { 'greenroom.dev/preview': null } }],
    ['takes the label off through the status', '/status', { labels: { 'greenroom.dev/preview': null } }],
    ['gives it another name', '', { labels: { 'greenroom.dev/preview': 'pr-live-2' } }],
    ['puts its end off', '', { labels: { 'greenroom.dev/expires': '9999999999' } }],
    ['gives it another repository', '', { annotations: { 'greenroom.dev/repository': 'acme/other' } }],
    ['opens Pod Security', '', { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } }],
    ['turns Gatekeeper away', '', { labels: { 'admission.gatekeeper.sh/ignore': 'x' } }],
  ];
  test.each(changes)('nobody but the fencer and administrators %s', async (_, subresource, metadata) => {
    const change = async (as: Impersonation) => {
      const path = `/api/v1/namespaces/pr-live-1${subresource}?dryRun=All`;
      return [...verdictOf(await api.send('PATCH', path, { metadata }, as)).refusals.keys()];
    };
    expect(await change(person)).toEqual(['greenroom-namespace-labels']);
    expect(await change(serviceAccount('kube-system', 'namespace-controller'))).toEqual(['greenroom-namespace-labels']);
    expect(await change(fencer)).toEqual([]);
    expect(await change({ user: 'root', groups: ['system:masters'] })).toEqual([]);
  });

  test("namespaces that are no previews, and other labels, are everyone's", async () => {
    const fresh = (labels: object): Manifest => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'fresh', labels },
    });
    expect(await refusal(fresh({ 'pod-security.kubernetes.io/enforce': 'privileged' }), person)).toEqual([]);
    expect(await refusal(fresh({ 'greenroom.dev/preview': 'fresh' }), person)).toHaveLength(1);
    expect(await refusal(fresh({ 'greenroom.dev/preview': 'fresh' }), fencer)).toEqual([]);
    const labelled = { metadata: { labels: { team: 'web' } } };
    const answer = await api.send('PATCH', '/api/v1/namespaces/pr-live-1?dryRun=All', labelled, person);
    expect(answer.status).toBe(200);
  });

  function templateWith(more: object): object {
    const { template } = web['spec'] as { template: { spec: object } };
    return { ...template, spec: { ...template.spec, ...more } };
  }
});

function serviceAccount(namespaceName: string, name: string): Impersonation {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespaceName}`, 'system:authenticated'];
  return { user: `system:serviceaccount:${namespaceName}:${name}`, groups };
}
