import { defineRule } from '../rule.ts';

/** Evaluated by the compiler, which sees all objects of a preview at once. Admission engines do not. */
export const noDanglingReferences = defineRule({
  id: 'no-dangling-references',
  title: 'No references to missing objects',
  message:
    'An object refers to another one that the preview does not have, so it would never start or never answer: add the other object, correct the name, or ask {contact}.',
  source:
    'Kubernetes documentation: ConfigMaps and Secrets as files and variables, service accounts, claims as volumes',
  why: 'A pod with a missing ConfigMap, Secret, claim or account waits without an error, and the preview never answers.',
  scope: 'makers',
  place: 'commit',
  match: [],
  conditions: [],
  examples: {
    good: 'apiVersion: v1\nkind: Pod\nmetadata: { name: web }\nspec:\n  containers:\n    - { name: web, image: ghcr.io/acme/shop, envFrom: [{ configMapRef: { name: settings, optional: true } }] }\n',
    bad: 'apiVersion: v1\nkind: Pod\nmetadata: { name: web }\nspec:\n  containers:\n    - { name: web, image: ghcr.io/acme/shop, envFrom: [{ configMapRef: { name: not-there } }] }\n',
  },
});
