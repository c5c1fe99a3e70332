import { Testing } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { AppProject, type AppProjectProps } from '../../../lib/constructs/app-project/index.ts';

const PROPS: Required<AppProjectProps> = {
  name: 'previews',
  namespace: 'gitops',
  description: 'Workloads of previews',
  sourceRepos: ['https://git.example.com/acme/previews.git'],
  destinations: [{ server: 'https://a.example.com', namespace: 'pr-*', serviceAccount: 'preview-reconciler' }],
  clusterKinds: [{ group: '', kind: 'Namespace' }],
  namespacedKinds: [{ group: 'apps', kind: 'Deployment' }],
};

// biome-ignore lint/suspicious/noExplicitAny: a manifest is read as plain data
function manifest(props: AppProjectProps): any {
  const chart = Testing.chart();
  new AppProject(chart, 'project', props);
  return Testing.synth(chart)[0];
}

describe('AppProject', () => {
  it('passes every prop on', () => {
    expect(manifest(PROPS)).toEqual({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'previews', namespace: 'gitops' },
      spec: {
        description: 'Workloads of previews',
        sourceRepos: PROPS.sourceRepos,
        destinations: [{ server: 'https://a.example.com', namespace: 'pr-*' }],
        destinationServiceAccounts: [
          { server: 'https://a.example.com', namespace: 'pr-*', defaultServiceAccount: 'preview-reconciler' },
        ],
        clusterResourceWhitelist: PROPS.clusterKinds,
        namespaceResourceWhitelist: PROPS.namespacedKinds,
      },
    });
  });

  it('writes an empty list of cluster-scoped kinds: none, said', () => {
    const { clusterKinds: _, ...props } = PROPS;
    expect(manifest(props).spec.clusterResourceWhitelist).toEqual([]);
  });

  it.each([
    ['no repository', { sourceRepos: [] }, 'sourceRepos'],
    ['any repository', { sourceRepos: ['*'] }, 'sourceRepos'],
    ['no destination', { destinations: [] }, 'destinations'],
    ['any cluster', { destinations: [{ server: '*', namespace: 'x', serviceAccount: 'y' }] }, 'destinations.server'],
    ['no namespaced kind, which Argo CD takes for all', { namespacedKinds: [] }, 'namespacedKinds'],
  ])('refuses %s', (_, change, field) => {
    expect(() => manifest({ ...PROPS, ...change })).toThrow(
      expect.objectContaining({ code: 'invalid-input', problems: [expect.objectContaining({ field })] }),
    );
  });
});
