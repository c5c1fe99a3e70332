import { defineRule, METADATA } from '../rule.ts';
import { IS_RESERVED, isListed } from './keys.ts';

/**
 * Names without a prefix that controllers act on: dotted ones for container runtimes (`io.kubernetes.cri-o.Devices`,
 * `io.katacontainers.config...`), and the listed ones. Source: CRI-O allowed_annotations; Azure AD Pod Identity; the
 * sidecar of Grafana's chart, which loads dashboards, data sources and alerts of all namespaces; Istio. The only dotted
 * name that is allowed is the API server's own, on every DaemonSet.
 */
const ACTED_ON =
  '((k.contains(".") && k != "deprecated.daemonset.template.generation") || k in ["aadpodidbinding", "istio-injection", "loki_rule"] || k.startsWith("grafana_"))';

/** Reserved keys pass here: the rule reserved-keys checks them. */
const allowed = (...lists: string[]): string =>
  `((!k.contains("/") && !${ACTED_ON}) || ${[...lists.map(isListed), IS_RESERVED].join(' || ')})`;

const LABEL = allowed('keys', 'ownKeys');
const ANNOTATION = allowed('keys', 'ownKeys', 'routeAnnotations');

/** For an update, only new keys count: controllers record on an object what they did with it. */
const before = (map: string): string => `(oldObject != null && k in dyn(oldObject).?metadata.?${map}.orValue({}))`;

const closed = (map: 'labels' | 'annotations', isAllowed: string) => ({
  over: METADATA,
  cel: `it.?${map}.orValue({}).all(k, ${isAllowed} || ${before(map)})`,
  field: map,
  found: `it.${map}.filter(k, !${isAllowed}).join(", ")`,
});

export const allowedKeys = defineRule({
  id: 'allowed-keys',
  title: 'Labels and annotations from a fixed list',
  message:
    'A label or annotation could be a command to a controller of the cluster: use a simple name (app, tier) or one of {keys}, or ask {contact}.',
  source: 'CIS Kubernetes Benchmark 5.1, least privilege; CVE-2021-25742: annotations as configuration',
  why: 'DNS controllers, network plugins, reflectors, tunnels and service meshes act on annotations, with permissions that a preview does not have.',
  scope: 'makers',
  match: 'any',
  // That one allows fewer annotations.
  impliedBy: { rule: 'ingress-annotations' },
  conditions: [closed('labels', LABEL), closed('annotations', ANNOTATION)],
  examples: {
    good: 'apiVersion: v1\nkind: Service\nmetadata: { name: web, labels: { app.kubernetes.io/name: web, tier: front } }\nspec: { ports: [{ port: 80 }] }\n',
    bad: 'apiVersion: v1\nkind: Service\nmetadata: { name: web, annotations: { external-dns.alpha.kubernetes.io/hostname: www.example.com } }\nspec: { ports: [{ port: 80 }] }\n',
  },
});
