import { describe, expect, test } from 'vitest';
import type { ClusterAnswer, ClusterReader } from '../../lib/cluster/reader.ts';
import { sampleFence } from '../../lib/constructs/preview-namespace/sample-fence.ts';
import { liveFences } from '../../lib/doctor/cluster/fences.ts';
import { platform } from '../support/inputs.ts';
import { operatedPostgres } from '../support/operator.ts';

// biome-ignore lint/suspicious/noExplicitAny: manifests are read as plain data
type Json = any;

const NOW = 1_796_000_000;

/** The objects of two live previews, as lists of an API server. */
function cluster(spec = ''): Json[] {
  return ['pr-shop-7', 'pr-shop-8'].flatMap((name) =>
    sampleFence(platform(spec)).map((object) => {
      const live: Json = JSON.parse(JSON.stringify(object).replaceAll('pr-sample-1', name));
      if (live.kind === 'Namespace') live.metadata.labels['greenroom.dev/expires'] = String(NOW + 3600);
      return live;
    }),
  );
}

const KINDS: Readonly<Record<string, string>> = {
  namespaces: 'Namespace',
  networkpolicies: 'NetworkPolicy',
  resourcequotas: 'ResourceQuota',
  limitranges: 'LimitRange',
  serviceaccounts: 'ServiceAccount',
  rolebindings: 'RoleBinding',
};

function observe(objects: readonly Json[], refused?: string, spec = '') {
  const reader: ClusterReader = {
    get: async (path): Promise<ClusterAnswer> => {
      const kind = KINDS[path.split('/').at(-1)!];
      if (kind === refused) return { kind: 'refused', reason: 'sam may not' };
      return { kind: 'found', value: { items: objects.filter((o) => o.kind === kind) } };
    },
    may: async () => ({ kind: 'missing' }),
  };
  const isKnown = (name: string) => name !== 'pr-ghost';
  return liveFences({ reader, platform: platform(spec), now: NOW, wanted: [], previews: true, home: true, isKnown });
}

const find = (objects: Json[], kind: string, name = 'pr-shop-7'): Json =>
  objects.find((o) => o.kind === kind && (o.metadata.namespace ?? o.metadata.name) === name);

describe('fences of live previews', () => {
  test('are called well when they are as greenroom.yaml says', async () => {
    expect(await observe(cluster())).toMatchObject([{ status: 'ok', message: expect.stringMatching(/^2 namespaces/) }]);
  });

  test('have the policy of an operator only where they have its service, and as greenroom.yaml says', async () => {
    const spec = operatedPostgres();
    const policies = cluster(spec).filter((o) => o.metadata.name === 'allow-service-postgres');
    expect(policies).toHaveLength(2);
    const one = cluster(spec).filter(({ metadata }) => metadata.name !== policies[0].metadata.name);
    expect(await observe(one, undefined, spec)).toMatchObject([{ status: 'ok' }]);
    expect(await observe([...one, policies[0]], undefined, spec)).toMatchObject([{ status: 'ok' }]);
    policies[0].spec.podSelector = {};
    expect(await observe([...one, policies[0]], undefined, spec)).toMatchObject([
      { status: 'fail', message: expect.stringContaining('NetworkPolicy allow-service-postgres is not what') },
    ]);
  });

  test('may open the ports of their own apps, or none', async () => {
    const all = cluster();
    const policies = all.filter((o) => o.metadata.name === 'allow-ingress');
    policies[0].spec.ingress[0].ports = [{ protocol: 'TCP', port: 8080 }];
    policies[1].spec.ingress = [];
    expect(await observe(all)).toMatchObject([{ status: 'ok' }]);
  });

  test.each<[string, (objects: Json[]) => void, RegExp]>([
    [
      'an entrance for others than the ingress controller',
      (all) => {
        const policy = all.find((o) => o.metadata.name === 'allow-ingress' && o.metadata.namespace === 'pr-shop-7');
        policy.spec.ingress.push({ from: [{ namespaceSelector: {} }], ports: [{ port: 8080 }] });
      },
      /^NetworkPolicy allow-ingress is not what greenroom.yaml gives \(spec\.ingress\) in pr-shop-7\.$/,
    ],
    [
      'a namespace of no folder',
      (all) => {
        const ghost = structuredClone(all.find((o) => o.kind === 'Namespace'));
        ghost.metadata.name = 'pr-ghost';
        ghost.metadata.labels['greenroom.dev/preview'] = 'pr-ghost';
        all.push(ghost);
      },
      /^pr-ghost: this checkout of the apps repo has no folder for it\.$/,
    ],
    [
      'its account bound to another role',
      (all) => {
        find(all, 'RoleBinding').roleRef.name = 'admin';
      },
      /^RoleBinding preview-reconciler is not what greenroom.yaml gives \(roleRef\.name\) in pr-shop-7\.$/,
    ],
    [
      'default-deny deleted',
      (all) =>
        all.splice(
          all.findIndex((o) => o.metadata.name === 'default-deny' && o.metadata.namespace === 'pr-shop-7'),
          1,
        ),
      /^There is no NetworkPolicy default-deny in pr-shop-7\.$/,
    ],
    [
      'a policy that opens more',
      (all) => all.push({ kind: 'NetworkPolicy', metadata: { name: 'mine', namespace: 'pr-shop-7' }, spec: {} }),
      /^NetworkPolicy mine is not one of greenroom's, and policies add up in pr-shop-7\.$/,
    ],
    [
      'a policy that was widened',
      (all) => Object.assign(find(all, 'NetworkPolicy').spec, { ingress: [{}] }),
      /^NetworkPolicy default-deny is not what greenroom.yaml gives \(spec\.ingress\) in pr-shop-7\.$/,
    ],
    [
      'a larger quota',
      (all) => Object.assign(find(all, 'ResourceQuota').spec.hard, { pods: '99' }),
      /^ResourceQuota preview .*hard\.pods/,
    ],
    [
      'no limits',
      (all) => all.splice(all.indexOf(find(all, 'LimitRange')), 1),
      /^There is no LimitRange preview in pr-shop-7\.$/,
    ],
    [
      'Pod Security that was lifted',
      (all) =>
        Object.assign(find(all, 'Namespace').metadata.labels, { 'pod-security.kubernetes.io/enforce': 'baseline' }),
      /^Namespace pr-shop-7 does not enforce Pod Security "restricted": .*enforce is "baseline"\.$/,
    ],
    [
      'no end',
      (all) => delete find(all, 'Namespace').metadata.labels['greenroom.dev/expires'],
      /^pr-shop-7: without an expiry\.$/,
    ],
    [
      'an end that is past',
      (all) => Object.assign(find(all, 'Namespace').metadata.labels, { 'greenroom.dev/expires': String(NOW - 7200) }),
      /^pr-shop-7: expired, but still there\.$/,
    ],
    [
      'a namespace that is stuck',
      (all) => {
        const namespace = find(all, 'Namespace');
        namespace.metadata.deletionTimestamp = new Date((NOW - 3600) * 1000).toISOString();
        namespace.status = {
          conditions: [{ type: 'NamespaceFinalizersRemaining', status: 'True', message: 'example.com/x in 1 pod' }],
        };
      },
      /^Namespace pr-shop-7 has been terminating for over ten minutes: example\.com\/x in 1 pod\.$/,
    ],
    [
      'a namespace that only looks like one',
      (all) => all.push({ kind: 'Namespace', metadata: { name: 'pr-mine', labels: {} } }),
      /^pr-mine: named like a preview but without its label/,
    ],
  ])('with %s are named, with one thing to do', async (_, change, message) => {
    const objects = cluster();
    change(objects);
    const observations = await observe(objects);
    expect(observations).toMatchObject([
      { status: 'fail', message: expect.stringMatching(message), fix: expect.any(String) },
    ]);
  });

  test.each(Object.values(KINDS))('that nobody may see (%s) are never called well', async (kind) => {
    const found = await observe(cluster(), kind);
    expect(found.map(({ status }) => status)).not.toContain('ok');
    expect(found.map(({ status }) => status)).toContain('unknown');
  });
});
