import { defineRule, METADATA } from '../rule.ts';

const allowed = (lists: readonly string[]): string =>
  `(!k.contains("/") || ${lists.map((list) => `params.${list}.exists(a, k == a || (a.endsWith("/") && k.startsWith(a)))`).join(' || ')})`;

/** What steers the platform itself is another rule's. */
const LABEL = allowed(['keys', 'ownKeys', 'reservedKeys']);
const ANNOTATION = allowed(['keys', 'ownKeys', 'reservedKeys', 'routeAnnotations']);

/** An update counts for what it adds: controllers write down on an object what they did with it. */
const before = (map: string): string => `(oldObject != null && k in dyn(oldObject).?metadata.?${map}.orValue({}))`;

const closed = (map: 'labels' | 'annotations', isAllowed: string) => ({
  over: METADATA,
  cel: `it.?${map}.orValue({}).all(k, ${isAllowed} || ${before(map)})`,
  field: map,
  found: `it.${map}.filter(k, !${isAllowed}).join(", ")`,
});

export const allowedKeys = defineRule({
  id: 'allowed-keys',
  title: 'Labels and annotations from a closed set',
  message:
    'A label or annotation could be an order to a controller of the cluster: use a name without a prefix (app, tier) or one of {keys}, or ask {contact}.',
  source: 'CIS Kubernetes Benchmark 5.1, least privilege; CVE-2021-25742: annotations as configuration',
  why: 'DNS controllers, network attachments, reflectors, tunnels and service meshes act on annotations with rights that a preview does not have.',
  scope: 'makers',
  match: 'any',
  conditions: [closed('labels', LABEL), closed('annotations', ANNOTATION)],
  examples: {
    good: 'apiVersion: v1\nkind: Service\nmetadata: { name: web, labels: { app.kubernetes.io/name: web, tier: front } }\nspec: { ports: [{ port: 80 }] }\n',
    bad: 'apiVersion: v1\nkind: Service\nmetadata: { name: web, annotations: { external-dns.alpha.kubernetes.io/hostname: www.example.com } }\nspec: { ports: [{ port: 80 }] }\n',
  },
});
