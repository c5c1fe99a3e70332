import { App, Chart } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { PreviewApplicationSets } from '../../lib/constructs/application-set/preview-application-sets.ts';
import { createChecker } from '../../lib/policies/checker.ts';
import { ownApplication } from '../../lib/policies/rules/own-application.ts';
import { PARAMS } from './support.ts';

/** What Argo CD makes of the templates for one preview. */
function applications(name: string, path: string): object[] {
  const chart = new Chart(new App(), 'sets');
  const { repoURL: repoUrl, branch, servers } = PARAMS.application;
  new PreviewApplicationSets(chart, 'main', { cluster: 'main', server: servers['main']!, repoUrl, branch });
  return chart.toJson().map(({ metadata, spec }) => {
    const text = JSON.stringify(spec.template).replaceAll('{{.name}}', name).replaceAll('{{.path.path}}', path);
    const template = JSON.parse(text) as { metadata: object };
    return {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      ...template,
      metadata: { ...template.metadata, namespace: metadata.namespace },
    };
  });
}

describe('own-application', () => {
  const checker = createChecker({ params: PARAMS, onlyRules: [ownApplication] });

  it('lets both Applications of a preview pass as greenroom makes them', () => {
    const made = applications('pr-shop-7', 'previews/main/shop/pr-shop-7');
    expect(made).toHaveLength(2);
    for (const application of made) expect(checker.check(application)).toEqual([]);
  });

  it.each([
    ['another name', 'pr-shop-8', 'previews/main/shop/pr-shop-7'],
    ['another cluster', 'pr-shop-7', 'previews/prod/shop/pr-shop-7'],
    ['a folder outside of previews', 'pr-shop-7', 'bootstrap/main/shop/pr-shop-7'],
    ['a deeper folder', 'pr-shop-7', 'previews/main/shop/x/pr-shop-7'],
    ['a name that is no preview', 'kube-system', 'previews/main/shop/kube-system'],
  ])('refuses both with %s', (_, name, path) => {
    for (const application of applications(name, path)) expect(checker.check(application)).not.toEqual([]);
  });
});
