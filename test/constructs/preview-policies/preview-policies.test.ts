import { Testing } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { PreviewPolicies, type PreviewPoliciesProps } from '../../../lib/constructs/preview-policies/index.ts';
import { ENGINES, platformSchema } from '../../../lib/model/platform.ts';
import { compileOptions, compilePolicies } from '../../../lib/policies/engines/index.ts';
import { RULES } from '../../../lib/policies/rules/index.ts';

const { spec: platform } = platformSchema.parse({
  apiVersion: 'greenroom.dev/v1alpha1',
  kind: 'Platform',
  spec: { domain: 'apps.example.com', sources: [{ owner: 'acme' }], registries: ['ghcr.io/acme'] },
});

const PROPS: Required<PreviewPoliciesProps> = {
  platform,
  engine: 'vap',
  extraRules: [],
  onlyRules: RULES.filter((rule) => rule.id === 'no-privileged'),
  exceptions: [
    {
      name: 'shop-privileged',
      file: 'exceptions/shop.yaml',
      rules: ['no-privileged'],
      preview: 'pr-shop-7',
      reason: 'a test',
      approver: '@alice',
      until: 2_000_000_000,
    },
  ],
};

function synth(props: PreviewPoliciesProps): unknown[] {
  const chart = Testing.chart();
  new PreviewPolicies(chart, 'policies', props);
  return Testing.synth(chart);
}

describe('PreviewPolicies', () => {
  it('passes every prop on', () => {
    const text = JSON.stringify(synth(PROPS));
    expect(text).toContain('greenroom-no-privileged');
    expect(text).not.toContain('greenroom-run-as-non-root');
    expect(text).toContain('pr-shop-7');
    expect(text).toContain('ValidatingAdmissionPolicy');
  });

  it.each(ENGINES)('holds for %s what the compiler writes, unchanged', (engine) => {
    expect(synth({ platform, engine })).toEqual(compilePolicies(compileOptions(platform, engine)));
  });
});
