import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Cluster, startCluster } from './cluster.ts';
import { crdFiles } from './crds.ts';
import { eventually } from './eventually.ts';
import { configuration, laidDown } from './generated/configurations.ts';

// biome-ignore lint/suspicious/noExplicitAny: manifests are read as plain data
type Json = any;

const { platform, platformText } = configuration({ reconciler: 'argocd' });
const files = laidDown({ platform, platformText });
const objects = (folder: string): Json[] =>
  [...files].filter(([path]) => path.startsWith(folder) && path.endsWith('.yaml')).map(([, text]) => parse(text));

let cluster: Cluster;

/** As the accounts that apply what is pushed into `bootstrap/argocd` and `policies`. */
const as = (account: string, args: readonly string[], object?: Json) =>
  cluster.tryKubectl(
    [...args, `--as=system:serviceaccount:argocd:${account}`, '--dry-run=server'],
    object && JSON.stringify(object),
  );
const push = (object: Json) => as('greenroom-bootstrap', ['create', '--filename=-'], object);

beforeAll(async () => {
  cluster = await startCluster();
  for (const namespace of ['argocd', platform.ingress.controllerNamespace, 'greenroom-cleaner']) {
    await cluster.kubectl(['create', 'namespace', namespace]);
  }
  for (const file of await crdFiles('argocd')) await cluster.apply(readFileSync(file, 'utf8'));
  await eventually(() => cluster.kubectl(['get', 'applications,applicationsets,appprojects', '-A']), {
    what: 'the kinds of Argo CD',
  });
  for (const object of [...objects('bootstrap/install/argocd/'), ...objects('bootstrap/install/clusters/main/')]) {
    if (object.kind !== 'Certificate') await cluster.apply(JSON.stringify(object));
  }
  await eventually(async () => (await push(application({ project: 'default' }))).code !== 0, { what: 'the guard' });
});
afterAll(() => cluster?.stop());

function application(spec: Json, metadata: Json = {}): Json {
  const found = structuredClone(objects('bootstrap/argocd/').find(({ kind }) => kind === 'Application'));
  Object.assign(found.spec, spec);
  Object.assign(found.metadata, { name: 'pushed' }, metadata);
  return found;
}

function applicationSet(project: string): Json {
  const found = structuredClone(objects('bootstrap/argocd/').find(({ kind }) => kind === 'ApplicationSet'));
  found.metadata.name = 'pushed';
  found.spec.template.spec.project = project;
  return found;
}

describe('a push into bootstrap/argocd', () => {
  it('is applied as greenroom writes it', async () => {
    for (const object of objects('bootstrap/argocd/')) expect(await push(object)).toMatchObject({ code: 0 });
  });

  it.each<[string, () => Json, RegExp]>([
    [
      'a project with an account of the pusher’s choice',
      () => ({ ...objects('bootstrap/install/argocd/').find(({ kind }) => kind === 'AppProject'), spec: {} }),
      /forbidden/,
    ],
    ['an Application of another project', () => application({ project: 'default' }), /applies policies\/ of the apps/],
    ['an Application of fences', () => application({ project: 'preview-fences' }), /denied/],
    [
      'an Application of another folder',
      () => application({ sources: [{ ...application({}).spec.sources[0], path: 'bootstrap/install/argocd' }] }),
      /applies policies\/ of the apps repo/,
    ],
    [
      'an Application of another repository',
      () => application({ sources: [{ ...application({}).spec.sources[0], repoURL: 'https://evil.example.com/x' }] }),
      /applies policies\/ of the apps repo/,
    ],
    ['an Application in another namespace', () => application({}, { namespace: 'kube-system' }), /forbidden/],
    [
      'an ApplicationSet of another project',
      () => applicationSet('greenroom-clusters'),
      /makes previews, in the project/,
    ],
    [
      'a binding to more',
      () => ({
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'more', namespace: 'argocd' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [],
      }),
      /forbidden/,
    ],
  ])('is refused with %s', async (_, make, sentence) => {
    const { code, stderr } = await push(make());
    expect(code).not.toBe(0);
    expect(stderr).toMatch(sentence);
  });
});

describe('a guard', () => {
  const guards = [...objects('bootstrap/install/argocd/'), ...objects('bootstrap/install/clusters/main/')]
    .filter(({ kind }) => kind === 'ValidatingAdmissionPolicy' || kind === 'ValidatingAdmissionPolicyBinding')
    .map(({ kind, metadata }): [string, string] => [kind.toLowerCase(), metadata.name]);

  it.each(guards)('%s %s is neither removed nor changed by what applies what is pushed', async (kind, name) => {
    for (const account of ['greenroom-bootstrap', 'greenroom-cluster', 'preview-fencer']) {
      for (const change of [['delete'], ['patch', '--type=merge', '--patch={"metadata":{"labels":{"a":"b"}}}']]) {
        const [verb, ...flags] = change as [string, ...string[]];
        const { code, stderr } = await as(account, [verb, kind, name, ...flags]);
        expect([account, verb, code]).toEqual([account, verb, 1]);
        expect(stderr).toMatch(/forbidden/i);
      }
    }
  });
});
