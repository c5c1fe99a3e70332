import type { EngineCompiler } from './policy.ts';
import { celSpec, matchConstraints, validationActions } from './vap.ts';

/** Kyverno's ValidatingPolicy. */
export const compileKyverno: EngineCompiler = (policy, { previewLabel }) => [
  {
    apiVersion: 'policies.kyverno.io/v1',
    kind: 'ValidatingPolicy',
    metadata: { name: policy.name, annotations: { 'policies.kyverno.io/title': policy.title } },
    spec: {
      failurePolicy: 'Fail',
      validationActions: validationActions(policy),
      // The rules name every kind with pods themselves. Kyverno's derived rules would check them twice.
      autogen: { podControllers: { controllers: [] } },
      matchConstraints: matchConstraints(policy, previewLabel),
      ...celSpec(policy),
    },
  },
];
