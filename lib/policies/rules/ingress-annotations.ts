import { GRPC_ROUTE, HTTP_ROUTE, INGRESS, TLS_ROUTE } from '../resources.ts';
import { defineRule } from '../rule.ts';
import { isListed } from './keys.ts';
import { exampleIngress } from './routes.ts';

export const ingressAnnotations = defineRule({
  id: 'ingress-annotations',
  title: 'No configuration of the proxy',
  message:
    "A route configures the proxy through annotations, or lacks the platform's own annotations: remove yours from metadata.annotations and leave the others as they are, or ask {contact}.",
  source: 'CVE-2021-25742, CVE-2023-5044, CVE-2025-1097: configuration injected through annotations',
  why: 'Annotations become part of the configuration of the proxy that all previews share.',
  scope: 'makers',
  match: [INGRESS, HTTP_ROUTE, GRPC_ROUTE, TLS_ROUTE],
  conditions: [
    {
      cel: `dyn(object).metadata.?annotations.orValue({}).all(k, ${isListed('routeAnnotations')} || (oldObject != null && k in dyn(oldObject).?metadata.?annotations.orValue({})))`,
      field: 'metadata.annotations',
      found: `dyn(object).metadata.annotations.filter(k, !${isListed('routeAnnotations')}).join(", ")`,
    },
    // A route must not be able to omit an authentication gate.
    {
      cel: 'params.requiredRouteAnnotations.all(k, dyn(object).metadata.?annotations[?k].orValue("") == params.requiredRouteAnnotations[k])',
      field: 'metadata.annotations',
    },
  ],
  examples: {
    good: exampleIngress('{}', 'argocd.argoproj.io/tracking-id: x'),
    bad: exampleIngress('{}', 'nginx.ingress.kubernetes.io/configuration-snippet: "return 200;"'),
  },
});
