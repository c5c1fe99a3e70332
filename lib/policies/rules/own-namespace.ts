import { PREVIEW_LABEL } from '../../model/labels.ts';
import { defineRule } from '../rule.ts';

const NAME = 'namespaceObject.metadata.name';

export const ownNamespace = defineRule({
  id: 'own-namespace',
  title: "Everything in the preview's own namespace",
  message: "An object is for another namespace than its preview's: remove metadata.namespace, or ask {contact}.",
  source: 'NSA/CISA Kubernetes Hardening Guide 1.2, namespaces',
  why: 'An object in another namespace runs with the permissions of another preview, and remains when this one ends.',
  scope: 'makers',
  match: 'any',
  impliedBy: { rule: 'reserved-keys' },
  conditions: [
    {
      cel: `namespaceObject != null && dyn(object).metadata.?namespace.orValue("") == ${NAME}`,
      field: 'metadata.namespace',
      found: '"the namespace " + dyn(object).metadata.?namespace.orValue("")',
      fix: { set: NAME },
    },
    {
      cel: `namespaceObject != null && dyn(object).metadata.?labels[?"${PREVIEW_LABEL}"].orValue(${NAME}) == ${NAME}`,
      field: `metadata.labels["${PREVIEW_LABEL}"]`,
      found: `"${PREVIEW_LABEL}: " + dyn(object).metadata.labels["${PREVIEW_LABEL}"]`,
      fix: { set: NAME },
    },
  ],
  examples: {
    good: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, namespace: pr-shop-7 }\n',
    bad: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, namespace: pr-shop-7, labels: { greenroom.dev/preview: pr-shop-8 } }\n',
  },
});
