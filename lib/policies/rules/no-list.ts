import { defineRule } from '../rule.ts';

export const noList = defineRule({
  id: 'no-list',
  title: 'One object per document',
  message: 'A List contains other objects: write each of them as its own document, or ask {contact}.',
  source: 'Kyverno and Gatekeeper advisories on wrapped objects',
  why: 'The objects in a List are applied, but policies only check the List itself.',
  match: 'any',
  conditions: [{ cel: '!object.kind.endsWith("List") || !has(object.items)', field: 'kind' }],
  examples: {
    good: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\n',
    bad: 'apiVersion: v1\nkind: List\nmetadata: { name: all }\nitems: []\n',
  },
});
