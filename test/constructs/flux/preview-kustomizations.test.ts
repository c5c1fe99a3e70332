import { Testing } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { PreviewKustomizations } from '../../../lib/constructs/flux/index.ts';
import { createChecker } from '../../../lib/policies/checker.ts';
import { ownApplication } from '../../../lib/policies/rules/own-application.ts';
import { PARAMS } from '../../policies/support.ts';

const made = (name: string, folder: string) => {
  const { fence, app } = new PreviewKustomizations(Testing.chart(), 'flux', { name, folder });
  return [fence.toJson(), app.toJson()];
};

describe('PreviewKustomizations', () => {
  const checker = createChecker({ params: PARAMS, onlyRules: [ownApplication] });

  it('is what the rule own-application lets pass', () => {
    for (const object of made('pr-shop-7', 'previews/main/shop/pr-shop-7')) expect(checker.check(object)).toEqual([]);
  });

  it.each([
    ['another cluster', 'pr-shop-7', 'previews/prod/shop/pr-shop-7'],
    ['another folder', 'pr-shop-7', 'previews/main/shop/pr-shop-8'],
    ['a folder outside of previews', 'pr-shop-7', 'bootstrap/main/shop/pr-shop-7'],
  ])('is refused by it with %s', (_, name, folder) => {
    for (const object of made(name, folder)) expect(checker.check(object)).not.toEqual([]);
  });

  it('applies the fence first, and leaves the app to the namespace when it ends', () => {
    const [fence, app] = made('pr-shop-7', 'previews/main/shop/pr-shop-7');
    expect(app.spec).toMatchObject({
      dependsOn: [{ name: fence.metadata.name }],
      prune: true,
      deletionPolicy: 'Orphan',
      serviceAccountName: 'pr-shop-7',
      targetNamespace: 'pr-shop-7',
    });
    expect(fence.spec).toMatchObject({
      prune: true,
      deletionPolicy: 'MirrorPrune',
      serviceAccountName: 'preview-fencer',
    });
    // It would be written over the name of the Namespace, too.
    expect(fence.spec).not.toHaveProperty('targetNamespace');
  });
});
