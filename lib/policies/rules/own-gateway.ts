import { GRPC_ROUTE, HTTP_ROUTE, INGRESS, TLS_ROUTE } from '../resources.ts';
import { defineRule, listAt } from '../rule.ts';
import { exampleIngress, IS_INGRESS, IS_ROUTE, onIngressRules, onRouteRules } from './routes.ts';

const GATEWAY = 'gateway.networking.k8s.io';
const isService = (backend: string): string => `${backend}.?service.hasValue() && !${backend}.?resource.hasValue()`;

const PARENT = [
  `it.?kind.orValue("Gateway") == "Gateway"`,
  `it.?group.orValue("${GATEWAY}") == "${GATEWAY}"`,
  'it.?name.orValue("") == params.ingress.gateway.name',
  'it.?namespace.orValue("") == params.ingress.gateway.namespace',
].join(' && ');

/** A missing namespace means the route's own. */
const OWN_SERVICE =
  'it.?kind.orValue("Service") == "Service" && it.?group.orValue("") == "" && it.?namespace.orValue(object.metadata.?namespace.orValue("")) == object.metadata.?namespace.orValue("")';

/** TLSRoutes attach to their own listeners, which pass TLS through. */
const IS_HTTP = `${IS_ROUTE} && object.kind != "TLSRoute"`;

export const ownGateway = defineRule({
  id: 'own-gateway',
  title: "Through the platform's ingress, to Services of the preview",
  message:
    'A route uses another ingress or leads to another backend: use the ingress class {ingress.class} or the Gateway {ingress.gateway.namespace}/{ingress.gateway.name} with sectionName {ingress.gateway.listener}, and Services of the preview as backends, or ask {contact}.',
  source: 'Gateway API documentation: cross-namespace routing; Kubernetes documentation: Ingress resource backends',
  why: 'Another ingress has other rules, or none. Another backend may be one that the network rules forbid.',
  match: [INGRESS, HTTP_ROUTE, GRPC_ROUTE, TLS_ROUTE],
  conditions: [
    {
      cel: `!(${IS_INGRESS}) || dyn(object).?spec.?ingressClassName.orValue("") == params.ingress.class`,
      field: 'spec.ingressClassName',
      found: 'dyn(object).?spec.?ingressClassName.orValue("no class")',
      fix: { set: 'params.ingress.class' },
    },
    onIngressRules({ cel: isService('it.?backend'), field: 'backend' }, 'http.paths'),
    {
      cel: `!(${IS_ROUTE}) || dyn(object).?spec.?parentRefs.orValue([]).size() > 0`,
      field: 'spec.parentRefs',
    },
    {
      // It attaches to Gateways that nobody named (Gateway API 1.4, GEP-3793).
      cel: `!(${IS_ROUTE}) || dyn(object).?spec.?useDefaultGateways.orValue("None") == "None"`,
      field: 'spec.useDefaultGateways',
      fix: 'remove',
    },
    {
      over: listAt('spec.parentRefs'),
      cel: `!(${IS_ROUTE}) || (${PARENT})`,
      field: '',
      found:
        'it.?kind.orValue("Gateway") + " " + it.?namespace.orValue("(own namespace)") + "/" + it.?name.orValue("")',
    },
    {
      // Without a name it attaches to every listener, including those without TLS.
      over: listAt('spec.parentRefs'),
      cel: `!(${IS_HTTP}) || !(${PARENT}) || it.?sectionName.orValue("") == params.ingress.gateway.listener`,
      field: 'sectionName',
      found: 'it.?sectionName.orValue("no sectionName")',
      fix: { set: 'params.ingress.gateway.listener' },
    },
    {
      over: listAt('spec.parentRefs'),
      cel: `!(${IS_HTTP}) || !(${PARENT}) || !it.?port.hasValue()`,
      field: 'port',
      fix: 'remove',
    },
    onRouteRules(
      {
        cel: OWN_SERVICE,
        field: '',
        found:
          'it.?kind.orValue("Service") + " " + it.?namespace.orValue("(own namespace)") + "/" + it.?name.orValue("")',
      },
      'backendRefs',
    ),
  ],
  examples: {
    good: exampleIngress(
      '{ ingressClassName: nginx, rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] }',
    ),
    bad: exampleIngress('{ ingressClassName: internal }'),
  },
});
