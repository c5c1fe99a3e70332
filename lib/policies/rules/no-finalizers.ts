import { defineRule, METADATA } from '../rule.ts';

/** Kyverno's command line passes an empty object if there is no old object. */
const IS_UPDATE = '(oldObject != null && dyn(oldObject).?metadata.?name.hasValue())';
const BEFORE = '(oldObject == null ? [] : dyn(oldObject).?metadata.?finalizers.orValue([]))';

export const noFinalizers = defineRule({
  id: 'no-finalizers',
  title: 'Nothing that delays the end',
  message:
    'An object, or an object made from it, cannot be deleted until somebody removes its finalizers: remove finalizers, or ask {contact}.',
  source: 'Kubernetes documentation: finalizers',
  why: 'A finalizer that nobody removes keeps the namespace and its cost after the preview has ended.',
  scope: 'makers',
  match: 'any',
  conditions: [
    // For an update, only new finalizers count. Controllers add theirs to existing objects.
    {
      cel: `dyn(object).metadata.?finalizers.orValue([]).all(f, f in params.finalizers || f in ${BEFORE} || (${IS_UPDATE} && f in params.controllerFinalizers))`,
      field: 'metadata.finalizers',
      found: 'dyn(object).metadata.finalizers.join(", ")',
      fix: 'remove',
    },
    {
      over: METADATA,
      cel: 'it == dyn(object).metadata || it.?finalizers.orValue([]).all(f, f in params.finalizers)',
      field: 'finalizers',
      found: 'it.finalizers.join(", ")',
      fix: 'remove',
    },
  ],
  examples: {
    good: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\n',
    bad: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, finalizers: [example.com/hold] }\n',
  },
});
