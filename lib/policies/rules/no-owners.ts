import { defineRule } from '../rule.ts';

const BEFORE = '(oldObject == null ? [] : dyn(oldObject).?metadata.?ownerReferences.orValue([]))';

export const noOwners = defineRule({
  id: 'no-owners',
  title: 'No owner references',
  message:
    'An object names another one as its owner, which decides when it is deleted: remove metadata.ownerReferences, or ask {contact}.',
  source: 'Kubernetes documentation: owners and dependents',
  why: "If the owner does not exist, the object is deleted again and again; if it does, the reference can delay the owner's deletion.",
  scope: 'makers',
  match: 'any',
  conditions: [
    {
      cel: `dyn(object).metadata.?ownerReferences.orValue([]).all(o, ${BEFORE}.exists(b, b == o))`,
      field: 'metadata.ownerReferences',
      fix: 'remove',
    },
  ],
  examples: {
    good: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\n',
    bad: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, ownerReferences: [{ apiVersion: v1, kind: Service, name: web, uid: "1" }] }\n',
  },
});
