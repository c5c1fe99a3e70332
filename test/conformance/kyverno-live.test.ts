import { readFileSync } from 'node:fs';
import { App, Chart } from 'cdk8s';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Bootstrap } from '../../lib/constructs/bootstrap/index.ts';
import { platformSchema } from '../../lib/model/platform.ts';
import { createChecker } from '../../lib/policies/checker.ts';
import { compileOptions, compilePolicies } from '../../lib/policies/engines/index.ts';
import { ruleMessage } from '../../lib/policies/rule.ts';
import { RULES } from '../../lib/policies/rules/index.ts';
import { CASE_NAMESPACE, listCases, type RuleCase } from '../policies/cases.ts';
import { goodDeployment, PARAMS } from '../policies/support.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { type Kyverno, startKyverno } from './kyverno.ts';
import { dryRun, mapLimited } from './policies/admission.ts';
import { type Answer, ApiServer, type Manifest } from './policies/api-server.ts';
import { complete } from './policies/complete.ts';
import { crdsFor } from './policies/crds.ts';

const { spec: platform } = platformSchema.parse({
  apiVersion: 'greenroom.dev/v1alpha1',
  kind: 'Platform',
  spec: {
    domain: 'apps.example.com',
    sources: [{ owner: 'acme' }],
    registries: ['ghcr.io/acme'],
    policies: { engines: ['kyverno'], contact: '@platform' },
    cleaner: { schedule: '* * * * *' },
  },
});

const MAKER = { user: 'sam', groups: ['system:authenticated'] };

let cluster: Cluster;
let api: ApiServer;
let kyverno: Kyverno;

beforeAll(async () => {
  // Without the plugin no namespace needs an account before a pod; privileged pods get as far as the policies.
  cluster = await startCluster({
    controllerManager: true,
    apiServerArgs: ['--disable-admission-plugins=ServiceAccount', '--allow-privileged=true'],
  });
  const config = JSON.parse(readFileSync(cluster.kubeconfig, 'utf8')) as { users: { user: { token: string } }[] };
  api = new ApiServer({ server: cluster.server, token: config.users[0]?.user.token as string });
  kyverno = await startKyverno(cluster, { cleanup: true });
  // Admission is to be what refuses, so that everyone may do everything else.
  await api.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'everyone' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'system:authenticated' }],
  });
});

afterAll(async () => {
  api?.close();
  await cluster?.stop();
});

/** What an answer says; for the older policies Kyverno writes its reasons as YAML, apostrophes doubled. */
const said = ({ body }: Answer) => String(body?.message ?? body).replaceAll("''", "'");
const exists = async (namespace: string) => (await api.send('GET', `/api/v1/namespaces/${namespace}`)).status === 200;

describe('the end of a preview', () => {
  const DAY = 86_400;
  const now = () => Math.floor(Date.now() / 1000);
  const namespace = (name: string, expires: number | string, label = name): Manifest => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: { 'greenroom.dev/preview': label },
      annotations: {
        'greenroom.dev/expires':
          typeof expires === 'string' ? expires : new Date(expires * 1000).toISOString().replace('.000Z', 'Z'),
      },
    },
  });
  const old = namespace('pr-old-1', now() - DAY);
  const plain = (name: string): Manifest => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

  beforeAll(async () => {
    for (const each of [
      old,
      namespace('pr-live-2', now() + DAY),
      namespace('pr-just-over-3', now() - 60),
      namespace('pr-borrowed-4', now() - DAY, 'pr-old-1'),
      namespace('kept', now() - DAY, 'kept'),
      plain('pr-unlabelled'),
    ]) {
      await api.apply(each);
    }
    const bootstrap = new Bootstrap(new Chart(new App(), 'apps-repo'), 'bootstrap', {
      platform,
      repoUrl: 'https://github.com/acme/previews.git',
    });
    const pair = bootstrap
      .objects('install/clusters/main')
      .map((object) => object.toJson() as Manifest)
      .filter(({ kind }) => kind === 'ValidatingPolicy' || kind === 'DeletingPolicy');
    expect(pair).toHaveLength(2);
    for (const object of pair) await api.apply(object);
  });

  it('deletes what is past its time by more than the grace, and nothing else', async () => {
    await eventually(async () => !(await exists('pr-old-1')), { what: 'pr-old-1 to be gone', timeoutMs: 180_000 });
    for (const name of ['pr-live-2', 'pr-just-over-3', 'pr-borrowed-4', 'kept', 'pr-unlabelled']) {
      expect(await exists(name), name).toBe(true);
    }
  });

  it('lets nobody make it again, and says when it ended', async () => {
    const answer = await eventually(
      async () => {
        const found = await dryRun(api, old, MAKER);
        return found.status >= 400 && found;
      },
      { what: 'the guard to be in force' },
    );
    const time = (old.metadata['annotations'] as Record<string, string>)['greenroom.dev/expires'];
    expect(said(answer)).toContain(`preview pr-old-1 ended at ${time}; a push to its pull request starts it again`);
    // Applied as a reconciler does.
    expect((await cluster.tryKubectl(['apply', '--server-side', '--filename=-'], JSON.stringify(old))).code).not.toBe(
      0,
    );
    expect((await dryRun(api, namespace('pr-odd-5', 'soon'), MAKER)).status).toBeGreaterThanOrEqual(400);
    expect((await dryRun(api, namespace('pr-new-6', now() + DAY), MAKER)).status).toBe(201);
    expect((await dryRun(api, plain('other'), MAKER)).status).toBe(201);
  });

  it('lets a preview that is there be changed, past its time too', async () => {
    const label = { metadata: { labels: { note: 'x' } } };
    expect((await api.send('PATCH', '/api/v1/namespaces/pr-just-over-3', label)).status).toBe(200);
  });

  it('makes no preview while Kyverno is down, and every other namespace', async () => {
    await kyverno.stopAdmission();
    try {
      expect((await dryRun(api, namespace('pr-new-7', now() + DAY), MAKER)).status).toBeGreaterThanOrEqual(400);
      expect((await dryRun(api, plain('other'), MAKER)).status).toBe(201);
    } finally {
      await kyverno.startAdmission();
    }
    await eventually(async () => (await dryRun(api, namespace('pr-new-7', now() + DAY), MAKER)).status === 201, {
      what: 'Kyverno to be back',
    });
  });
});

describe.each(['kyverno-legacy', 'kyverno'] as const)('the rules as policies of %s, at admission', (engine) => {
  const options = compileOptions({ ...platform, policies: { ...platform.policies, engines: [engine] } }, engine);
  const policies = compilePolicies({ ...options, place: 'preview' }).filter(
    ({ kind }) => !kind.startsWith('ValidatingAdmission'),
  ) as unknown as Manifest[];
  const compiled = new Set(policies.map(({ metadata }) => metadata.name));
  const sentences = RULES.map((rule) => ruleMessage(rule, '@platform', options.params));
  // Kyverno refuses a ClusterPolicy about core Services where Knative's are served as well; greenroom says so earlier.
  // So the older engine comes first, before anything of Knative's is there.
  const legacy = engine === 'kyverno-legacy';
  const cases = listCases()
    .filter(
      ({ rule, expect: e, params }) =>
        compiled.has(`greenroom-${rule}`) &&
        JSON.stringify(params) === JSON.stringify(PARAMS) &&
        e.inProcessOnly === undefined &&
        e.subresource === undefined &&
        e.schemaInvalid === undefined,
    )
    .filter(({ object }) => {
      const { apiVersion, kind } = object as unknown as Manifest;
      const knative = apiVersion.startsWith('serving.knative.dev/');
      return !(apiVersion === 'v1' && kind.endsWith('List')) && kind !== 'ClusterRole' && !(legacy && knative);
    })
    // It compiles every policy anew for every request: one case of each verdict a rule.
    .filter(
      ({ rule, expect: e }, i, all) =>
        !legacy || i === all.findIndex((other) => other.rule === rule && other.expect.verdict === e.verdict),
    );
  const checker = createChecker({ params: options.params, contact: '@platform' });
  const subjectOf = ({ object, name }: RuleCase, i: number): Manifest => {
    const whole = complete(object as unknown as Manifest, 'pr-shop-7');
    return { ...whole, metadata: { ...whole.metadata, name: `${whole.metadata.name ?? name}-${i}` } };
  };

  beforeAll(async () => {
    const { metadata, ...namespace } = CASE_NAMESPACE;
    const annotations = { ...metadata.annotations, 'greenroom.dev/expires': '2099-01-01T00:00:00Z' };
    await api.apply({ ...namespace, metadata: { ...metadata, annotations } });
    await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'elsewhere' } });
    const crds = crdsFor(cases.map(({ object }) => object as unknown as Manifest));
    for (const crd of crds) await api.apply(crd);
    for (const { object } of cases) {
      await eventually(() => api.serves(object as unknown as Manifest), { what: 'every kind to be served' });
    }
    // Kyverno keeps what it was told of the cluster's kinds: one that runs on may not hear of these for long.
    await kyverno.stopAdmission();
    await kyverno.startAdmission();
    for (const policy of policies) await api.apply(policy);
  });

  afterAll(async () => {
    for (const policy of policies) {
      await api.send('DELETE', `${await api.path(policy)}/${policy.metadata.name}`);
    }
  });

  /** What the in-process check has against it, all rules together: Kyverno asks them all, and shows some. */
  const expected = (object: Manifest) =>
    new Set(
      checker
        .check(object, { namespaceObject: CASE_NAMESPACE })
        .filter(({ severity, rule }) => severity === 'deny' && compiled.has(`greenroom-${rule}`))
        .map(({ message }) => message),
    );
  const shown = (answer: Answer) => sentences.filter((sentence) => said(answer).includes(sentence));

  async function disagreements(): Promise<{ problems: string[]; refused: number; alone: Set<string>; passed: number }> {
    cluster.processes.check('kyverno-admission');
    const subjects = cases.map(subjectOf);
    const answers = await mapLimited(subjects, legacy ? 1 : 4, (object) => dryRun(api, object, MAKER));
    const problems: string[] = [];
    const alone = new Set<string>();
    let [refused, passed] = [0, 0];
    for (const [i, each] of cases.entries()) {
      const answer = answers[i] as Answer;
      // What the API server refuses by itself never gets as far.
      if (answer.status >= 400 && !/webhook/.test(said(answer))) continue;
      const wanted = expected(subjects[i] as Manifest);
      const found = shown(answer);
      if (wanted.size === 0) passed++;
      else refused++;
      if (wanted.size === 1) alone.add(each.rule);
      const right =
        wanted.size === 0 ? answer.status < 300 : found.length > 0 && found.every((sentence) => wanted.has(sentence));
      if (!right)
        problems.push(`${each.rule}/${each.name}: wanted ${[...wanted]}, got ${answer.status} ${said(answer)}`);
    }
    return { problems, refused, alone, passed };
  }

  it('gives the verdict of the in-process check, in its sentences', async () => {
    // Kyverno takes its policies up one by one, and does not say when it has.
    const found = await eventually(
      async () => {
        const each = await disagreements();
        if (each.problems.length > 0) throw new Error(each.problems.slice(0, 5).join('\n'));
        return each;
      },
      { what: 'all policies to be in force', timeoutMs: 800_000, everyMs: 2000 },
    );
    process.stdout.write(
      `${engine}: ${cases.length} cases, ${found.refused} refused, ${found.passed} passed, ${found.alone.size} rules refused alone\n`,
    );
    expect(found.refused).toBeGreaterThan(legacy ? 20 : 150);
    expect(found.passed).toBeGreaterThan(legacy ? 0 : 20);
  });

  it('lets a whole good preview pass, and everything outside of previews', async () => {
    const good = parse(goodDeployment('pr-shop-7')) as Manifest;
    expect(await dryRun(api, good, MAKER).then((a) => [a.status, a.status < 300 ? '' : said(a)])).toEqual([201, '']);
    expect((await dryRun(api, { ...PRIVILEGED, metadata: { name: 'x', namespace: 'elsewhere' } }, MAKER)).status).toBe(
      201,
    );
    expect((await dryRun(api, PRIVILEGED, MAKER)).status).toBeGreaterThanOrEqual(400);
  });

  it('fails closed inside previews while Kyverno is down', async () => {
    const good = parse(goodDeployment('pr-shop-7')) as Manifest;
    await kyverno.stopAdmission();
    try {
      expect((await dryRun(api, good, MAKER)).status).toBeGreaterThanOrEqual(400);
      const outside = { ...good, metadata: { name: 'web', namespace: 'elsewhere' } };
      // For the older policies Kyverno registers one webhook for all namespaces.
      if (!legacy) expect((await dryRun(api, outside, MAKER)).status).toBe(201);
    } finally {
      await kyverno.startAdmission();
    }
    await eventually(async () => (await dryRun(api, good, MAKER)).status === 201, { what: 'Kyverno to be back' });
  });
});

const PRIVILEGED: Manifest = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'x', namespace: 'pr-shop-7' },
  spec: { containers: [{ name: 'x', image: 'ghcr.io/acme/x:1', securityContext: { privileged: true } }] },
};
