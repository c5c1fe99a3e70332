import { PODS } from '../resources.ts';
import { defineRule, inside, VOLUMES } from '../rule.ts';
import { examplePod } from './examples.ts';

export const noServiceAccountToken = defineRule({
  id: 'no-service-account-token',
  title: 'No key to the cluster',
  message:
    "The pod would get a key to the cluster's API: set automountServiceAccountToken to false and project no token, or ask {contact}.",
  source: 'CIS Kubernetes Benchmark 5.1.6; NSA/CISA Kubernetes Hardening Guide 1.2, authentication',
  why: 'A preview never calls the cluster, but whoever breaks into one would start with its key.',
  match: PODS,
  conditions: [
    {
      in: 'podSpec',
      cel: 'variables.podSpec.?automountServiceAccountToken.orValue(true) == false',
      field: 'automountServiceAccountToken',
      fix: { set: 'false' },
    },
    {
      over: inside(VOLUMES, 'projected.sources'),
      cel: '!has(it.serviceAccountToken) && !has(it.podCertificate)',
      field: '',
    },
  ],
  examples: { good: examplePod({ spec: 'automountServiceAccountToken: false' }), bad: examplePod({}) },
});
