import { defineRule } from '../rule.ts';

export const allowedKinds = defineRule({
  id: 'allowed-kinds',
  title: 'Only kinds that a preview may contain',
  message:
    'A preview must not contain an object of this kind; allowed are {allowedKinds}: remove it, or ask {contact}.',
  source: 'CIS Kubernetes Benchmark 5.1, least privilege',
  why: 'A fixed list also keeps out unexpected kinds: quotas, network rules, roles, and objects that make controllers do more than the preview may.',
  scope: 'makers',
  match: 'any',
  impliedBy: { rule: 'no-list' },
  conditions: [
    {
      cel: '((object.apiVersion.contains("/") ? object.apiVersion.split("/")[0] + "/" : "") + object.kind) in params.allowedKinds',
      field: 'kind',
      found: 'object.kind + " of " + object.apiVersion',
    },
  ],
  examples: {
    good: 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\n',
    bad: 'apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: { name: everything }\n',
  },
});
