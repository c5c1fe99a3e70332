import { describe, expect, it } from 'vitest';
import { PreviewNamespace, type PreviewNamespaceProps } from '../../lib/constructs/index.ts';
import { GreenroomError } from '../../lib/core/errors.ts';
import { type Manifest, NAMESPACE_PROPS, synth } from './support.ts';

function fence(props: Partial<PreviewNamespaceProps> = {}): Map<string, Manifest> {
  return synth((scope) => new PreviewNamespace(scope, 'fence', { ...NAMESPACE_PROPS, ...props }));
}

/** The fields that a refused construction names. */
function refusedFields(props: object): (string | undefined)[] {
  try {
    fence(props as Partial<PreviewNamespaceProps>);
  } catch (error) {
    expect(error).toBeInstanceOf(GreenroomError);
    expect((error as GreenroomError).code).toBe('invalid-input');
    return (error as GreenroomError).problems.map((problem) => problem.field);
  }
  return [];
}

describe('PreviewNamespace', () => {
  it('is a closed list of objects, all named and all but the Namespace inside it', () => {
    const objects = fence();
    expect([...objects.keys()]).toEqual([
      'Namespace/pr-shop-7',
      'ResourceQuota/preview',
      'LimitRange/preview',
      'NetworkPolicy/default-deny',
      'NetworkPolicy/allow-ingress',
      'NetworkPolicy/allow-same-preview',
      'NetworkPolicy/allow-dns',
      'ServiceAccount/default',
      'ServiceAccount/preview-app',
      'ServiceAccount/preview-reconciler',
      'RoleBinding/preview-reconciler',
    ]);
    for (const [id, object] of objects) {
      expect(object.metadata.namespace, id).toBe(id === 'Namespace/pr-shop-7' ? undefined : 'pr-shop-7');
      expect(object.metadata.labels['greenroom.dev/preview'], id).toBe('pr-shop-7');
    }
  });

  it('holds the namespace to Pod Security restricted in all three modes, and says whose it is and until when', () => {
    const { labels, annotations } = fence().get('Namespace/pr-shop-7').metadata;
    for (const mode of ['enforce', 'warn', 'audit']) {
      expect(labels[`pod-security.kubernetes.io/${mode}`]).toBe('restricted');
      expect(labels[`pod-security.kubernetes.io/${mode}-version`]).toBe('latest');
    }
    expect(labels).toMatchObject({
      'greenroom.dev/repository-id': '4711',
      'greenroom.dev/pull-request': '7',
      'greenroom.dev/expires': '1794000000',
    });
    expect(annotations['greenroom.dev/repository']).toBe('acme/shop');
    expect(Date.parse(annotations['greenroom.dev/expires']) / 1000).toBe(1_794_000_000);
  });

  it('denies both directions to every pod and opens only what is named', () => {
    const objects = fence({
      testHarness: ['203.0.113.0/24'],
      ingress: { controllerNamespace: 'edge', additionalNamespaces: ['knative-serving'] },
    });
    const deny = objects.get('NetworkPolicy/default-deny').spec;
    expect(deny).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    expect(objects.get('NetworkPolicy/allow-ingress').spec.ingress).toEqual([
      {
        from: [
          { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'edge' } } },
          { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'knative-serving' } } },
          { ipBlock: { cidr: '203.0.113.0/24' } },
        ],
      },
    ]);
    // A peer without a namespace selector is this namespace alone.
    const same = objects.get('NetworkPolicy/allow-same-preview').spec;
    expect(same.ingress).toEqual([{ from: [{ podSelector: {} }] }]);
    expect(same.egress).toEqual([{ to: [{ podSelector: {} }] }]);
    const [dns] = objects.get('NetworkPolicy/allow-dns').spec.egress;
    expect(dns.ports).toEqual([
      { protocol: 'UDP', port: 53 },
      { protocol: 'TCP', port: 53 },
    ]);
    expect(dns.to).toHaveLength(1);
    expect(objects.has('NetworkPolicy/allow-egress')).toBe(false);
  });

  it('never lets an allow-list entry reach the metadata address or the cluster', () => {
    const [internet, partner] = fence({
      egress: [{ cidr: '0.0.0.0/0', ports: [443] }, { cidr: '198.51.100.0/24' }],
      clusterCidrs: ['10.0.0.0/8', '10.96.0.0/12', '10.0.0.0/8', '192.168.0.0/16'],
    }).get('NetworkPolicy/allow-egress').spec.egress;
    expect(internet.to[0].ipBlock.except).toEqual([
      '10.0.0.0/8',
      '100.100.100.200/32',
      '168.63.129.16/32',
      '169.254.0.0/16',
      '192.0.0.192/32',
      '192.168.0.0/16',
    ]);
    expect(internet.ports).toEqual([{ protocol: 'TCP', port: 443 }]);
    expect(partner).toEqual({ to: [{ ipBlock: { cidr: '198.51.100.0/24' } }] });
  });

  it('survives the removal of its Application or Kustomization until the namespace goes', () => {
    const survives = (object: Manifest, key: string) => object.metadata.annotations?.[key];
    for (const [id, object] of fence()) {
      const expected = id.startsWith('Namespace/') ? undefined : 'Delete=false';
      expect(survives(object, 'argocd.argoproj.io/sync-options'), id).toBe(expected);
    }
    const flux = fence({ reconciler: { kind: 'flux' } });
    for (const [id, object] of flux) {
      const inside = object.metadata.namespace === 'pr-shop-7';
      expect(survives(object, 'kustomize.toolkit.fluxcd.io/prune'), id).toBe(inside ? 'disabled' : undefined);
    }
    expect(flux.get('ServiceAccount/pr-shop-7').metadata.namespace).toBe('flux-system');
    expect(flux.get('RoleBinding/preview-reconciler').subjects).toEqual([
      { kind: 'ServiceAccount', name: 'pr-shop-7', namespace: 'flux-system' },
    ]);
  });

  it('binds its own account to one role for workloads, and mounts no token anywhere', () => {
    const objects = fence();
    expect(objects.get('RoleBinding/preview-reconciler')).toMatchObject({
      roleRef: { kind: 'ClusterRole', name: 'preview-workloads' },
      subjects: [{ kind: 'ServiceAccount', name: 'preview-reconciler', namespace: 'pr-shop-7' }],
    });
    for (const [id, object] of objects) {
      if (id.startsWith('ServiceAccount/')) expect(object.automountServiceAccountToken, id).toBe(false);
    }
  });

  it('carries every prop into the output', () => {
    const all: Required<PreviewNamespaceProps> = {
      name: 'pr-all-1',
      repository: 'owner-x/all',
      repositoryId: 99,
      number: 1,
      expires: 1_800_000_000,
      partOf: 'whole',
      quota: { 'limits.cpu': '7', pods: '3' },
      limitRange: { default: { cpu: '300m' }, defaultRequest: { cpu: '30m' }, max: { cpu: '3' } },
      ingress: { controllerNamespace: 'traefik', additionalNamespaces: ['kourier-system'] },
      ingressPorts: [3456],
      testHarness: ['192.0.2.0/24'],
      egress: [{ cidr: '198.51.100.0/24', ports: [5432] }],
      dns: {
        namespace: 'dns-system',
        podLabels: { 'dns-pods': 'these' },
        ports: [5353],
        nodeLocal: '169.254.20.10',
      },
      imagePullSecrets: ['pull-by-this', { name: 'pull-by-that', secret: 'platform/registry' }],
      secretStore: 'vault',
      clusterCidrs: ['198.51.100.128/25'],
      reconciler: { kind: 'argocd', account: 'robot', accountNamespace: 'robots', clusterRole: 'workloads' },
      services: [
        {
          name: 'pr-all-1-db',
          type: 'mariadb',
          apiVersion: 'k8s.mariadb.com/v1alpha1',
          kind: 'MariaDB',
          spec: { replicas: 4321 },
          secret: 'pr-all-1-db-password',
          network: {
            podLabel: 'mariadb.com/pod',
            operatorNamespace: 'mariadb-system',
            ports: [4444],
            apiServer: [{ cidr: '192.0.2.7/32', ports: [16443] }],
          },
        },
      ],
      watched: true,
      labels: { team: 'web' },
      annotations: { 'example.com/owner': 'Web team' },
    };
    const text = JSON.stringify([...fence(all).values()]);
    const leaves = (value: unknown): string[] =>
      typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [String(value)];
    // The kind of reconciler shows in its annotation.
    const { reconciler, watched: _, ...rest } = all;
    for (const leaf of leaves([rest, 'preview-readers', { ...reconciler, kind: 'argocd.argoproj.io/sync-options' }])) {
      expect(text).toContain(leaf);
    }
    for (const object of fence(all).values()) {
      expect(object.metadata.labels['team']).toBe('web');
      expect(object.metadata.annotations['example.com/owner']).toBe('Web team');
    }
  });

  it('takes labels and annotations until synthesis', () => {
    const objects = synth((scope) => {
      const namespace = new PreviewNamespace(scope, 'fence', NAMESPACE_PROPS);
      namespace.addLabel('cost-centre', '42');
      namespace.addAnnotation('example.com/note', 'hello');
    });
    for (const object of objects.values()) {
      expect(object.metadata.labels['cost-centre']).toBe('42');
      expect(object.metadata.annotations['example.com/note']).toBe('hello');
    }
  });

  it.each<[string, object, string]>([
    ['a name that is no DNS label', { name: 'Pr_1' }, 'name'],
    ['a name of 64 characters', { name: 'a'.repeat(64) }, 'name'],
    ['a repository without owner', { repository: 'shop' }, 'repository'],
    ['milliseconds for seconds', { expires: 1_794_000_000_000 * 1000 }, 'expires'],
    ['a pull request number of zero', { number: 0 }, 'number'],
    ['a fraction', { repositoryId: 1.5 }, 'repositoryId'],
    ['an address that is none', { testHarness: ['203.0.113.300/24'] }, 'testHarness[0]'],
    ['host bits', { testHarness: ['203.0.113.7/24'] }, 'testHarness[0]'],
    ['egress into the cluster', { egress: [{ cidr: '10.1.0.0/16' }] }, 'egress[0].cidr'],
    ['egress to all of a cluster range', { egress: [{ cidr: '10.0.0.0/8' }] }, 'egress[0].cidr'],
    ['egress to the metadata address', { egress: [{ cidr: '169.254.169.254/32' }] }, 'egress[0].cidr'],
    ["egress to Azure's host", { egress: [{ cidr: '168.63.129.16/32' }] }, 'egress[0].cidr'],
    ["egress to Oracle's metadata", { egress: [{ cidr: '192.0.0.192/32' }] }, 'egress[0].cidr'],
    ['an empty list of ports', { egress: [{ cidr: '198.51.100.0/24', ports: [] }] }, 'egress[0].ports'],
    ['a port too high', { egress: [{ cidr: '198.51.100.0/24', ports: [65_536] }] }, 'egress[0].ports'],
    ['a quantity that is none', { quota: { pods: 'many' } }, 'quota[pods]'],
    ['a label that the construct sets', { labels: { 'greenroom.dev/preview': 'x' } }, 'labels[greenroom.dev/preview]'],
    [
      'a weaker Pod Security level',
      { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
      'labels[pod-security.kubernetes.io/enforce]',
    ],
    ['a label value with a space', { labels: { team: 'a b' } }, 'labels[team]'],
    [
      'an annotation that would make the fence deletable',
      { annotations: { 'argocd.argoproj.io/sync-options': 'Delete=true' } },
      'annotations[argocd.argoproj.io/sync-options]',
    ],
  ])('refuses %s', (_, props, field) => {
    expect(refusedFields(props)).toEqual([field]);
  });

  it('refuses limit ranges under which the quota would reject pods, or the API server the range', () => {
    const { limitRange } = NAMESPACE_PROPS;
    expect(refusedFields({ limitRange: { ...limitRange, default: { cpu: '1' } } })).toEqual([
      'limitRange.default[memory]',
    ]);
    expect(refusedFields({ limitRange: { ...limitRange, defaultRequest: { cpu: '100m' } } })).toEqual([
      'limitRange.defaultRequest[memory]',
    ]);
    expect(refusedFields({ limitRange: { ...limitRange, max: { cpu: '200m' } } })).toEqual(['limitRange.default[cpu]']);
    expect(refusedFields({ limitRange: { ...limitRange, defaultRequest: { cpu: '1', memory: '1Gi' } } })).toEqual([
      'limitRange.defaultRequest[cpu]',
      'limitRange.defaultRequest[memory]',
    ]);
  });

  it('names all problems at once, each with its path', () => {
    expect(() => fence({ name: 'X', number: -1 })).toThrow(/\[test\/fence] name: .*\n\[test\/fence] number: /);
  });
});
