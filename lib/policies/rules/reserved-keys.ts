import { defineRule, METADATA } from '../rule.ts';
import { IS_RESERVED, isListed } from './keys.ts';

const INSTANCE = 'app.kubernetes.io/instance';
const NAME = 'namespaceObject.metadata.name';

const IS_OWN = isListed('ownKeys');

const free = (map: 'labels' | 'annotations') => ({
  over: METADATA,
  cel: `it.?${map}.orValue({}).all(k, !(${IS_RESERVED}) || ${IS_OWN})`,
  field: map,
  found: `it.${map}.filter(k, ${IS_RESERVED} && !(${IS_OWN})).join(", ")`,
});

export const reservedKeys = defineRule({
  id: 'reserved-keys',
  title: "No labels or annotations of the platform's own tools",
  message:
    'A label or annotation controls the platform itself (greenroom, the reconciler, admission): remove it, or ask {contact}.',
  source: 'Argo CD documentation: resource hooks, sync options, tracking; Flux documentation: reconciliation controls',
  why: 'Such keys are commands: they forge evidence about an image, run hooks, keep objects that should be removed, or turn off policies.',
  scope: 'makers',
  always: true,
  match: 'any',
  conditions: [
    free('labels'),
    free('annotations'),
    {
      over: METADATA,
      cel: `it.?labels[?"${INSTANCE}"].orValue("") == "" || (namespaceObject != null && it.labels["${INSTANCE}"] == ${NAME})`,
      field: `labels["${INSTANCE}"]`,
      found: `"${INSTANCE}: " + it.labels["${INSTANCE}"]`,
    },
  ],
  examples: {
    good: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, labels: { app: web } }\n',
    bad: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, annotations: { argocd.argoproj.io/hook: PreSync } }\n',
  },
});
