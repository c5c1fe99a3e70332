import { Testing } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import {
  ApplicationSet,
  type ApplicationSetProps,
  type ApplicationTemplate,
  type GitFilesGenerator,
  type PullRequestGenerator,
} from '../../../lib/constructs/application-set/index.ts';

const REPO = 'https://git.example.com/acme/previews.git';

const TEMPLATE: Required<ApplicationTemplate> = {
  name: '{{.name}}',
  project: 'previews',
  labels: { team: 'web' },
  annotations: { note: 'kept' },
  source: { repoUrl: REPO, targetRevision: 'main', path: '{{.path.path}}/app', recurse: true },
  destination: { server: 'https://cluster.example.com', namespace: '{{.name}}' },
};

const GIT: Required<GitFilesGenerator> = {
  repoUrl: REPO,
  revision: 'main',
  files: ['previews/main/*/*/preview.json'],
  exclude: ['previews/main/old/*/preview.json'],
  requeueAfterSeconds: 60,
};

const PULLS: Required<PullRequestGenerator> = {
  owner: 'acme',
  repo: 'shop',
  labels: ['preview'],
  credential: { tokenRef: { secretName: 'github', key: 'token' } },
  api: 'https://github.example.com/api/v3/',
  requeueAfterSeconds: 120,
};

const PROPS: Required<ApplicationSetProps> = {
  name: 'previews-main',
  namespace: 'gitops',
  annotations: { 'argocd.argoproj.io/sync-options': 'Prune=confirm' },
  generator: { gitFiles: GIT },
  template: TEMPLATE,
  templatePatch: 'spec: {}',
};

// biome-ignore lint/suspicious/noExplicitAny: a manifest is read as plain data
function manifest(props: ApplicationSetProps): any {
  const chart = Testing.chart();
  new ApplicationSet(chart, 'set', props);
  return Testing.synth(chart)[0];
}

describe('ApplicationSet', () => {
  it('passes every prop on', () => {
    const set = manifest(PROPS);
    expect(set.metadata).toEqual({
      name: PROPS.name,
      namespace: PROPS.namespace,
      annotations: PROPS.annotations,
    });
    expect(set.spec.generators).toEqual([
      {
        git: {
          repoURL: REPO,
          revision: 'main',
          files: [{ path: GIT.files[0] }, { path: GIT.exclude[0], exclude: true }],
          requeueAfterSeconds: 60,
        },
      },
    ]);
    expect(set.spec.template.metadata).toMatchObject({
      name: TEMPLATE.name,
      labels: TEMPLATE.labels,
      annotations: TEMPLATE.annotations,
    });
    expect(set.spec.template.spec).toMatchObject({
      project: 'previews',
      source: { repoURL: REPO, targetRevision: 'main', path: '{{.path.path}}/app', directory: { recurse: true } },
      destination: TEMPLATE.destination,
    });
    expect(set.spec.templatePatch).toBe('spec: {}');
  });

  it('lists pull requests with a credential, and never takes a missing repository for no pull requests', () => {
    const set = manifest({ ...PROPS, generator: { pullRequests: PULLS } });
    const [{ pullRequest }] = set.spec.generators;
    expect(pullRequest).toEqual({
      github: {
        owner: 'acme',
        repo: 'shop',
        labels: ['preview'],
        api: PULLS.api,
        tokenRef: { secretName: 'github', key: 'token' },
      },
      requeueAfterSeconds: 120,
    });
    expect(JSON.stringify(set)).not.toContain('continueOnRepoNotFoundError');
  });

  it('removes what it made when parameters go, in bounded time', () => {
    const { spec } = manifest(PROPS);
    // A false would not outlast the first write of Argo CD's controller.
    expect(spec.syncPolicy).toEqual({ applicationsSync: 'sync' });
    expect(spec.template.metadata.finalizers).toEqual(['resources-finalizer.argocd.argoproj.io']);
    expect(spec.template.spec.syncPolicy.automated).toEqual({ prune: true, selfHeal: true });
    expect(spec.template.spec.syncPolicy.retry.limit).toBeGreaterThan(0);
  });

  it('treats a missing parameter as an error', () => {
    expect(manifest(PROPS).spec).toMatchObject({ goTemplate: true, goTemplateOptions: ['missingkey=error'] });
  });

  it.each([
    ['a templated project', { template: { ...TEMPLATE, project: '{{.project}}' } }, 'template.project'],
    ['no files', { generator: { gitFiles: { ...GIT, files: [] } } }, 'generator.gitFiles.files'],
    ['no labels', { generator: { pullRequests: { ...PULLS, labels: [] } } }, 'generator.pullRequests.labels'],
    [
      'a period of nothing',
      { generator: { gitFiles: { ...GIT, requeueAfterSeconds: 0 } } },
      'generator.requeueAfterSeconds',
    ],
  ])('refuses %s', (_, change, field) => {
    expect(() => manifest({ ...PROPS, ...change })).toThrow(
      expect.objectContaining({ code: 'invalid-input', problems: [expect.objectContaining({ field })] }),
    );
  });
});
