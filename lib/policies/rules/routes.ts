import { type Condition, inside, listAt } from '../rule.ts';

/** A whole Ingress around its spec, which is YAML in flow style. */
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
/** Gateway API routes. */
export const IS_ROUTE = `!(${IS_INGRESS} || ${IS_MAPPING})`;

/** A condition on each rule of an Ingress, or on the items of a list inside them; true for other kinds. */
export function onIngressRules(condition: Condition, inner?: string): Condition {
  return onRules(IS_INGRESS, condition, inner);
}

/** A condition on each rule of a Gateway API route, or on the items of a list inside them; true for other kinds. */
export function onRouteRules(condition: Condition, inner?: string): Condition {
  return onRules(IS_ROUTE, condition, inner);
}

function onRules(kind: string, condition: Condition, inner?: string): Condition {
  const rules = listAt('spec.rules');
  return { ...condition, over: inner ? inside(rules, inner) : rules, cel: `!(${kind}) || (${condition.cel})` };
}
