import { defineRule } from '../rule.ts';

export const noList = defineRule({
  id: 'no-list',
  title: 'One object a document',
  message: 'A List wraps other objects: write each of them as a document of its own, or ask {contact}.',
  source: 'Kyverno and Gatekeeper advisories on wrapped objects',
  why: 'What is inside a List is applied like anything else, but policies look at the wrapping.',
  match: 'any',
  conditions: [{ cel: '!object.kind.endsWith("List") || !has(object.items)', field: 'kind' }],
  examples: {
    good: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\n',
    bad: 'apiVersion: v1\nkind: List\nmetadata: { name: all }\nitems: []\n',
  },
});
