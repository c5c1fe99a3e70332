import { defineRule } from '../rule.ts';

export const noFinalizers = defineRule({
  id: 'no-finalizers',
  title: 'Nothing that holds up the end',
  message: 'An object refuses to be deleted until somebody clears it: remove metadata.finalizers, or ask {contact}.',
  source: 'Kubernetes documentation: finalizers',
  why: 'A finalizer that nobody takes off keeps the namespace, and its cost, after the preview has ended.',
  scope: 'makers',
  match: 'any',
  conditions: [
    {
      cel: 'dyn(object).metadata.?finalizers.orValue([]).all(f, f in params.finalizers)',
      field: 'metadata.finalizers',
      fix: 'remove',
    },
  ],
  examples: {
    good: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\n',
    bad: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, finalizers: [example.com/hold] }\n',
  },
});
