import { defineRule } from '../rule.ts';

const BEFORE = '(oldObject == null ? [] : dyn(oldObject).?metadata.?ownerReferences.orValue([]))';

export const noOwners = defineRule({
  id: 'no-owners',
  title: 'No owners by hand',
  message:
    'An object claims to belong to another one, which decides when it is deleted: remove metadata.ownerReferences, or ask {contact}.',
  source: 'Kubernetes documentation: owners and dependents',
  why: 'An owner that is not there has the object collected again and again; one that is there can be kept from going.',
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
