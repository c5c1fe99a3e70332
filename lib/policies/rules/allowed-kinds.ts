import { defineRule } from '../rule.ts';

export const allowedKinds = defineRule({
  id: 'allowed-kinds',
  title: 'Only kinds that a preview may hold',
  message: 'A preview may not hold an object of this kind: remove it, or ask {contact} to allow the kind.',
  source: 'CIS Kubernetes Benchmark 5.1 (least privilege); greenroom threat model',
  why: 'A closed list keeps out what nobody thought of: quotas, network policies, roles, and controllers that act with more rights than the preview has.',
  scope: 'makers',
  match: 'any',
  conditions: [
    {
      cel: '(object.apiVersion.contains("/") ? object.apiVersion.split("/")[0] + "/" : "") + object.kind in params.allowedKinds',
      field: 'kind',
    },
  ],
  examples: {
    good: `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
`,
    bad: `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: everything }
`,
  },
});
