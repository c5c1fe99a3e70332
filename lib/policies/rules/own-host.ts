import { DOMAIN_MAPPING, GRPC_ROUTE, HTTP_ROUTE, INGRESS, TLS_ROUTE } from '../resources.ts';
import { defineRule, listAt } from '../rule.ts';
import { exampleIngress, IS_INGRESS, IS_MAPPING, IS_ROUTE, onIngressRules } from './routes.ts';

const HOST = '(namespaceObject.metadata.name + "." + params.domain)';

export const ownHost = defineRule({
  id: 'own-host',
  title: 'Only the host of the preview',
  message: "A route has another host than the preview's own: only use the host in the preview's URL, or ask {contact}.",
  source: 'CVE-2021-25742 and its relatives: hosts shared between namespaces',
  why: 'An app that answers for a host receives the sessions of its users. A wildcard, or no host, covers all hosts.',
  match: [INGRESS, HTTP_ROUTE, GRPC_ROUTE, TLS_ROUTE, DOMAIN_MAPPING],
  conditions: [
    onIngressRules({
      cel: `it.?host.orValue("") == ${HOST}`,
      field: 'host',
      found: 'it.?host.orValue("every host")',
      fix: { set: HOST },
    }),
    {
      over: listAt('spec.tls'),
      cel: `!(${IS_INGRESS}) || (it.?hosts.orValue([]).size() > 0 && it.?hosts.orValue([]).all(h, h == ${HOST}))`,
      field: 'hosts',
      found: 'it.?hosts.orValue([]).size() > 0 ? it.hosts.join(", ") : "tls without hosts"',
    },
    // The default backend answers for every host, with or without rules.
    {
      cel: `!(${IS_INGRESS}) || (!dyn(object).?spec.?defaultBackend.hasValue() && dyn(object).?spec.?rules.orValue([]).size() > 0)`,
      field: 'spec.defaultBackend',
      found:
        'dyn(object).?spec.?defaultBackend.hasValue() ? "a defaultBackend, which answers at every host" : "no rules"',
    },
    {
      cel: `!(${IS_ROUTE}) || (dyn(object).?spec.?hostnames.orValue([]).size() > 0 && dyn(object).?spec.?hostnames.orValue([]).all(h, h == ${HOST}))`,
      field: 'spec.hostnames',
      found: 'dyn(object).?spec.?hostnames.orValue(["every host"]).join(", ")',
      fix: { set: `[${HOST}]` },
    },
    {
      cel: `!(${IS_MAPPING}) || object.metadata.?name.orValue("") == ${HOST}`,
      field: 'metadata.name',
      found: 'object.metadata.?name.orValue("")',
    },
  ],
  examples: {
    good: exampleIngress('{ rules: [{ host: pr-shop-7.apps.example.com }] }'),
    bad: exampleIngress('{ rules: [{ host: "*.apps.example.com" }] }'),
  },
});
