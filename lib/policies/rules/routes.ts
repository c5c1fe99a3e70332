import { type Condition, listAt } from '../rule.ts';

/** A whole Ingress around its spec, YAML in flow style. */
export function exampleIngress(spec: string, annotations?: string): string {
  return [
    'apiVersion: networking.k8s.io/v1',
    'kind: Ingress',
    annotations
      ? `metadata: { name: web, namespace: pr-shop-7, annotations: { ${annotations} } }`
      : 'metadata: { name: web, namespace: pr-shop-7 }',
    `spec: ${spec}`,
    '',
  ].join('\n');
}

export const IS_INGRESS = 'object.kind == "Ingress"';
export const IS_MAPPING = 'object.kind == "DomainMapping"';
/** Routes of the Gateway API. */
export const IS_ROUTE = `!(${IS_INGRESS} || ${IS_MAPPING})`;

/** A condition on each rule of an Ingress; holds for other kinds. */
export function onIngressRules(cel: string, field: string, fix?: Condition['fix']): Condition {
  return { over: listAt('spec.rules'), cel: `!(${IS_INGRESS}) || (${cel})`, field, ...(fix && { fix }) };
}

/** A condition on each rule of a route of the Gateway API; holds for other kinds. */
export function onRouteRules(cel: string, field: string): Condition {
  return { over: listAt('spec.rules'), cel: `!(${IS_ROUTE}) || (${cel})`, field };
}
