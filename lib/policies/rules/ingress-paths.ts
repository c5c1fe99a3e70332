import { anyCase } from '../any-case.ts';
import { GRPC_ROUTE, HTTP_ROUTE, INGRESS } from '../resources.ts';
import { defineRule } from '../rule.ts';
import { exampleIngress, onIngressRules, onRouteRules } from './routes.ts';

/** Segments of unreserved characters: no dot segments, no escapes, and nothing special in a proxy's configuration. */
const plain = (path: string): string =>
  `(${path}.size() <= 200 && ${path}.matches("^/([A-Za-z0-9_~.-]*[A-Za-z0-9_~-][A-Za-z0-9_~.-]*(/|$))*$"))`;

const INGRESS_PATH = `it.?pathType.orValue("") in ["Exact", "Prefix"] && ${plain('it.?path.orValue("/")')}`;

const ROUTE_MATCH = `it.?path.?type.orValue("PathPrefix") in ["Exact", "PathPrefix"] && ${plain('it.?path.?value.orValue("/")')}`;

/** Headers with the original target and source of a request. Apps behind the gateway trust them. */
const ROUTING_HEADER = anyCase('^(HOST|:AUTHORITY|FORWARDED|X-FORWARDED-.*|X-REAL-IP|X-ORIGINAL-.*)$');

function names(header: string): string {
  return `(${header}.size() > 100 || ${header}.matches("${ROUTING_HEADER}"))`;
}

/**
 * Extensions run the gateway's own code, mirrors send a copy of all traffic elsewhere, and rewrites bypass the checks.
 */
const ROUTE_FILTER = [
  'it.?type.orValue("") in ["RequestHeaderModifier", "ResponseHeaderModifier"]',
  ...['set', 'add'].map(
    (verb) => `it.?requestHeaderModifier.?${verb}.orValue([]).all(h, !${names('h.?name.orValue("")')})`,
  ),
  `it.?requestHeaderModifier.?remove.orValue([]).all(h, !${names('h')})`,
].join(' && ');

const FILTER = `"the filter " + it.?type.orValue("of no type") + ([it.?requestHeaderModifier.?set.orValue([]), it.?requestHeaderModifier.?add.orValue([])].exists(l, l.exists(h, ${names('h.?name.orValue("")')})) || it.?requestHeaderModifier.?remove.orValue([]).exists(h, ${names('h')}) ? " of a header that steers requests" : "")`;

export const ingressPaths = defineRule({
  id: 'ingress-paths',
  title: 'Plain paths',
  message:
    'A route has an unsafe path or filter: write paths such as /plain/segments of type Prefix or Exact, and only filters for headers that do not change where a request goes, or ask {contact}.',
  source: 'CVE-2021-25748, CVE-2022-4886, CVE-2023-5043: configuration injected through paths',
  why: 'Paths become part of the configuration of the proxy that all previews share; a crafted path changes that configuration.',
  match: [INGRESS, HTTP_ROUTE, GRPC_ROUTE],
  conditions: [
    onIngressRules(
      { cel: INGRESS_PATH, field: 'path', found: 'it.?pathType.orValue("no type") + " " + it.?path.orValue("/")' },
      'http.paths',
    ),
    onRouteRules(
      {
        cel: ROUTE_MATCH,
        field: 'path',
        found: 'it.?path.?type.orValue("PathPrefix") + " " + it.?path.?value.orValue("/")',
      },
      'matches',
    ),
    onRouteRules({ cel: ROUTE_FILTER, field: 'type', found: FILTER }, 'filters'),
    onRouteRules(
      { cel: 'it.?filters.orValue([]).size() == 0', field: 'filters', found: '"a filter of a backend"' },
      'backendRefs',
    ),
  ],
  examples: {
    good: exampleIngress('{ rules: [{ http: { paths: [{ path: /api, pathType: Prefix }] } }] }'),
    bad: exampleIngress(
      '{ rules: [{ http: { paths: [{ path: "/a;return 200", pathType: ImplementationSpecific }] } }] }',
    ),
  },
});
