import { Testing } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import {
  PreviewApplicationSets,
  type PreviewApplicationSetsProps,
} from '../../../lib/constructs/application-set/index.ts';

const PROPS: Required<PreviewApplicationSetsProps> = {
  cluster: 'spot',
  server: 'https://spot.example.com',
  repoUrl: 'https://git.example.com/acme/previews.git',
  branch: 'live',
  namespace: 'gitops',
  requeueAfterSeconds: 30,
  annotations: { 'example.com/told': 'yes' },
};

// biome-ignore lint/suspicious/noExplicitAny: manifests are read as plain data
function sets(props: PreviewApplicationSetsProps = PROPS): any[] {
  const chart = Testing.chart();
  new PreviewApplicationSets(chart, 'sets', props);
  return Testing.synth(chart);
}

describe('PreviewApplicationSets', () => {
  it('passes every prop on, to both', () => {
    const all = sets();
    expect(all.map((set) => set.metadata.name)).toEqual(['preview-fences-spot', 'previews-spot']);
    for (const set of all) {
      expect(set.metadata.namespace).toBe('gitops');
      expect(set.spec.generators[0].git).toMatchObject({
        repoURL: PROPS.repoUrl,
        revision: 'live',
        requeueAfterSeconds: 30,
      });
      expect(set.spec.generators[0].git.files[0].path).toBe('previews/spot/*/*/preview.json');
      expect(set.spec.template.spec.source).toMatchObject({ repoURL: PROPS.repoUrl, targetRevision: 'live' });
      expect(set.spec.template.metadata.annotations).toMatchObject(PROPS.annotations);
      expect(set.spec.template.spec.destination).toEqual({ server: PROPS.server, namespace: '{{.name}}' });
    }
  });

  it('keeps fence and app apart: project, folder and name, which no preview can have', () => {
    const [fence, app] = sets().map(({ spec }) => ({
      project: spec.template.spec.project,
      path: spec.template.spec.source.path,
      name: spec.template.metadata.name,
    }));
    expect(fence).toEqual({ project: 'preview-fences', path: '{{.path.path}}/fence', name: '{{.name}}-fence' });
    expect(app).toEqual({ project: 'previews', path: '{{.path.path}}/app', name: '{{.name}}' });
  });

  it('stops applying and healing once the time is up', () => {
    for (const { spec } of sets()) {
      expect(spec.templatePatch).toMatch(/^\{\{- \$now := now \| unixEpoch \| int64 -\}\}/);
      expect(spec.templatePatch).toContain('{{- if le (int64 .expires) $now }}');
      expect(spec.templatePatch).toMatch(/enabled: false\n\s+prune: false\n\s+selfHeal: false/);
    }
  });

  it('is not pruned without a person saying so, since that would end every preview', () => {
    for (const set of sets()) {
      expect(set.metadata.annotations).toEqual({ 'argocd.argoproj.io/sync-options': 'Prune=confirm' });
    }
  });
});
