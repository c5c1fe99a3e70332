import { APP_ACCOUNT } from '../../model/labels.ts';
import { PODS } from '../resources.ts';
import { type Condition, defineRule, inside, VOLUMES } from '../rule.ts';
import { examplePod } from './examples.ts';

/**
 * Pods that an operator of the platform runs for a service may call the API server, by accounts of the operator's making.
 * The label is reserved, so that no maker's pod carries it.
 */
const IS_SERVICE = 'params.servicePods.exists(k, k in variables.podLabels)';

/** Accounts that pods may use: the default one, the fence's own, and those of makers if makers may create accounts. */
const account = (field: string): Condition => {
  const name = `variables.podSpec.?${field}.orValue("")`;
  return {
    in: 'podSpec',
    cel: `${name} in ["", "default", "${APP_ACCOUNT}"] || ("ServiceAccount" in params.allowedKinds && !${name}.startsWith("preview-")) || (${IS_SERVICE} && !${name}.startsWith("preview-"))`,
    field,
    found: `"account " + variables.podSpec.${field}`,
    fix: 'remove',
  };
};

export const noServiceAccountToken = defineRule({
  id: 'no-service-account-token',
  title: 'No token of the cluster',
  message:
    "The pod would get a token for the cluster's API: set automountServiceAccountToken to false, remove serviceAccountName, and project no token, or ask {contact}.",
  source: 'CIS Kubernetes Benchmark 5.1.6; NSA/CISA Kubernetes Hardening Guide 1.2, authentication',
  why: "A preview never needs the cluster's API, but an attacker who breaks into it would have the token.",
  match: PODS,
  conditions: [
    {
      in: 'podSpec',
      cel: `variables.podSpec.?automountServiceAccountToken.orValue(true) == false || ${IS_SERVICE}`,
      field: 'automountServiceAccountToken',
      fix: { set: 'false' },
    },
    account('serviceAccountName'),
    account('serviceAccount'),
    {
      over: inside(VOLUMES, 'projected.sources'),
      cel: `(!has(it.serviceAccountToken) && !has(it.podCertificate)) || ${IS_SERVICE}`,
      field: '',
    },
  ],
  examples: { good: examplePod({ spec: 'automountServiceAccountToken: false' }), bad: examplePod({}) },
});
