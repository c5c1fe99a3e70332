import { Testing } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import {
  type ManifestRepository,
  PullRequestPreviews,
  type PullRequestPreviewsProps,
} from '../../../lib/constructs/pull-request-previews/index.ts';
import { platform } from '../../support/inputs.ts';

// biome-ignore lint/suspicious/noExplicitAny: manifests are read as plain data
type Json = any;

const REPOSITORY: Required<ManifestRepository> = {
  owner: 'acme',
  name: 'shop',
  id: 4711,
  url: 'https://github.com/acme/shop.git',
  path: 'k8s',
  labels: ['preview'],
  credential: { appSecretName: 'github-app' },
  api: 'https://github.example.com/api/v3/',
  requeueAfterSeconds: 60,
};
const CLUSTERS = `
clusters:
  - { name: spot, server: "https://spot.example.com", when: { templates: [function] } }
  - { name: main, server: "https://kubernetes.default.svc" }`;
const PROPS: Required<PullRequestPreviewsProps> = {
  platform: platform(CLUSTERS),
  repoUrl: 'https://github.com/acme/previews.git',
  repository: REPOSITORY,
  cluster: 'spot',
};

function made(props: PullRequestPreviewsProps = PROPS) {
  const previews = new PullRequestPreviews(Testing.chart(), 'shop', props);
  const objects: Json[] = previews.apiObjects.map((object) => object.toJson());
  const of = (kind: string, name: string) => objects.find((o) => o.kind === kind && o.metadata.name === name);
  return { previews, objects, of };
}

describe('PullRequestPreviews', () => {
  it('passes every prop on', () => {
    const { of } = made();
    for (const name of ['pull-request-fences-shop', 'pull-request-previews-shop']) {
      const { generators, template } = of('ApplicationSet', name).spec;
      expect(generators[0].pullRequest).toEqual({
        github: {
          owner: 'acme',
          repo: 'shop',
          labels: ['preview'],
          api: REPOSITORY.api,
          appSecretName: 'github-app',
        },
        requeueAfterSeconds: 60,
      });
      expect(template.spec.destination).toEqual({
        server: 'https://spot.example.com',
        namespace: 'pr-shop-{{.number}}',
      });
    }
    expect(of('ApplicationSet', 'pull-request-previews-shop').spec.template.spec.source).toMatchObject({
      repoURL: REPOSITORY.url,
      path: 'k8s',
      targetRevision: '{{.head_sha}}',
      // Nothing of a maker's is evaluated in the repo-server.
      directory: { include: '*.yaml' },
    });
    expect(of('ApplicationSet', 'pull-request-fences-shop').spec.template.spec.source).toMatchObject({
      repoURL: PROPS.repoUrl,
      path: 'bootstrap/pull-requests/shop',
      targetRevision: 'main',
    });
  });

  it('gives the fence to the fencer and the app to the account of its own namespace, each from one repository', () => {
    const { of } = made();
    const account = (name: string) => of('AppProject', name).spec.destinationServiceAccounts[0].defaultServiceAccount;
    expect(account('pull-request-fences-shop')).toBe('argocd:preview-fencer');
    expect(account('pull-request-previews-shop')).toBe('preview-reconciler');
    expect(of('AppProject', 'pull-request-fences-shop').spec.sourceRepos).toEqual([PROPS.repoUrl]);
    const app = of('AppProject', 'pull-request-previews-shop').spec;
    expect(app.sourceRepos).toEqual([REPOSITORY.url]);
    expect(app.clusterResourceWhitelist).toEqual([]);
    const kinds = app.namespaceResourceWhitelist.map(({ kind }: Json) => kind);
    expect(kinds).toContain('Deployment');
    expect(kinds).not.toContain('ResourceQuota');
  });

  it('has no stand-in of its values left in the fence, what looks like a template is text, and its end moves on', () => {
    const { files } = made().previews;
    const folder = 'bootstrap/pull-requests/shop';
    expect([...files.keys()]).toEqual([`${folder}/Chart.yaml`, `${folder}/templates/fence.yaml`]);
    const text = files.get(`${folder}/templates/fence.yaml`)!;
    expect(text).toContain('greenroom.dev/preview: {{ .Values.name }}');
    expect(text).toContain('greenroom.dev/pull-request: "{{ .Values.number }}"');
    expect(text).toContain('{{- $end := now | dateModify "+259200s" }}');
    expect(text).toContain('greenroom.dev/expires: "{{ $end | unixEpoch }}"');
    expect(text).toContain('greenroom.dev/expires: "{{ dateInZone "2006-01-02T15:04:05Z" $end "UTC" }}"');
    expect(text).not.toMatch(/pr-argument|9007199254740991|9999-12-31|253402300799/);
  });

  it('shares a repository’s name with compiled previews, also where it is hashed', () => {
    const { objects } = made({ ...PROPS, repository: { ...REPOSITORY, owner: 'Other', name: 'Shop' } });
    const names = objects.filter((o) => o.kind === 'ApplicationSet').map((o) => o.spec.template.metadata.name);
    expect(names[1]).toMatch(/^pr-shop-[2-7][a-z2-7]{10}-\{\{\.number\}\}$/);
    expect(names[0]).toBe(`${names[1]}-fence`);
  });

  it('is Argo CD’s alone', () => {
    expect(() => made({ ...PROPS, platform: platform(`${CLUSTERS}\nreconciler: flux`) })).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ field: 'platform.reconciler' })] }),
    );
  });

  it('names the clusters there are when asked for another', () => {
    expect(() => made({ ...PROPS, cluster: 'big' })).toThrow(
      expect.objectContaining({
        problems: [{ field: 'cluster', message: 'must be a cluster of the platform (spot, main); found big' }],
      }),
    );
  });
});
