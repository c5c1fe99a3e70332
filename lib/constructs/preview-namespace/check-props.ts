import type { Construct } from 'constructs';
import { contains, parseNetwork } from '../../model/ipv4.ts';
import { cidr, dnsLabel, quantity, quantityValue } from '../../model/scalars.ts';
import { secretReference } from '../../model/secret-reference.ts';
import { Checks } from '../checks.ts';
import { checkAnnotations, checkLabels, type StringMap } from '../metadata.ts';
import { forbiddenCidrs } from './network-policies.ts';
import type { LimitRangeProps, PreviewNamespaceProps } from './props.ts';

/**
 * Checks props that the API server would refuse, or that would make the fence incomplete or the preview unusable.
 *
 * @throws GreenroomError `invalid-input` with all problems
 */
export function checkProps(
  scope: Construct,
  props: PreviewNamespaceProps,
  own: { labels: StringMap; annotations: StringMap },
): void {
  const checks = new Checks();
  checkIdentity(checks, props);
  checkNetwork(checks, props);
  checkResources(checks, props);
  checkLabels(checks, 'labels', props.labels ?? {}, own.labels);
  checkAnnotations(checks, 'annotations', props.annotations ?? {}, own.annotations);
  checks.throwIfAny(scope);
}

function checkIdentity(checks: Checks, props: PreviewNamespaceProps): void {
  checks.scalar('name', dnsLabel, props.name);
  checks.scalar('partOf', dnsLabel, props.partOf);
  checks.that(
    /^[A-Za-z0-9-]{1,39}(\/[A-Za-z0-9._-]{1,100}){1,9}$/.test(props.repository),
    'repository',
    `must be owner/name; found ${JSON.stringify(props.repository)}`,
  );
  for (const field of ['repositoryId', 'number', 'expires'] as const) {
    const ok = Number.isSafeInteger(props[field]) && props[field] > 0;
    checks.that(ok, field, `must be a positive whole number; found ${props[field]}`);
  }
  // The limit of `Date`; milliseconds instead of seconds are found by this, too.
  checks.that(!(props.expires > 8.64e12), 'expires', 'must be in unix seconds');
  checks.scalar('reconciler.account', dnsLabel, props.reconciler?.account);
  checks.scalar('reconciler.accountNamespace', dnsLabel, props.reconciler?.accountNamespace);
  checks.scalar('reconciler.clusterRole', dnsLabel, props.reconciler?.clusterRole);
}

function checkNetwork(checks: Checks, props: PreviewNamespaceProps): void {
  checks.scalar('ingress.controllerNamespace', dnsLabel, props.ingress.controllerNamespace);
  for (const [i, namespace] of (props.ingress.additionalNamespaces ?? []).entries()) {
    checks.scalar(`ingress.additionalNamespaces[${i}]`, dnsLabel, namespace);
  }
  for (const port of props.ingressPorts ?? []) {
    checks.that(isPort(port), 'ingressPorts', `must be whole numbers from 1 to 65535; found ${port}`);
  }
  checks.scalar('dns.namespace', dnsLabel, props.dns?.namespace);
  for (const port of props.dns?.ports ?? []) {
    checks.that(isPort(port), 'dns.ports', `must be whole numbers from 1 to 65535; found ${port}`);
  }
  checkLabels(checks, 'dns.podLabels', props.dns?.podLabels ?? {}, {});
  if (props.dns?.nodeLocal !== undefined) checks.scalar('dns.nodeLocal', cidr, `${props.dns.nodeLocal}/32`);
  for (const [i, secret] of (props.imagePullSecrets ?? []).entries()) {
    if (typeof secret === 'string') checks.scalar(`imagePullSecrets[${i}]`, dnsLabel, secret);
    else {
      checks.scalar(`imagePullSecrets[${i}].name`, dnsLabel, secret.name);
      checks.scalar(`imagePullSecrets[${i}].secret`, secretReference, secret.secret);
    }
  }
  checks.scalar('secretStore', dnsLabel, props.secretStore);
  for (const [i, network] of (props.testHarness ?? []).entries()) checkCidr(checks, `testHarness[${i}]`, network);
  const clusterCidrs = props.clusterCidrs?.filter((network, i) => checkCidr(checks, `clusterCidrs[${i}]`, network));
  const forbidden = forbiddenCidrs({ ...(clusterCidrs && { clusterCidrs }) });
  for (const [i, rule] of (props.egress ?? []).entries()) {
    const field = `egress[${i}]`;
    if (checkCidr(checks, `${field}.cidr`, rule.cidr)) checkReachable(checks, `${field}.cidr`, rule.cidr, forbidden);
    checks.that(rule.ports?.length !== 0, `${field}.ports`, 'must name a port, or be left out for all');
    for (const port of rule.ports ?? []) {
      checks.that(isPort(port), `${field}.ports`, `must be whole numbers from 1 to 65535; found ${port}`);
    }
  }
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

function checkCidr(checks: Checks, field: string, network: string): boolean {
  return checks.scalar(field, cidr, network);
}

function checkReachable(checks: Checks, field: string, network: string, forbidden: readonly string[]): void {
  const around = forbidden.find((range) => contains(parseNetwork(range), parseNetwork(network)));
  checks.that(around === undefined, field, `${network} is inside ${around}, which no preview may reach`);
}

function checkResources(checks: Checks, { quota, limitRange }: PreviewNamespaceProps): void {
  const before = { quota, ...nested(limitRange) };
  for (const [field, list] of Object.entries(before)) {
    for (const [resource, value] of Object.entries(list)) checks.scalar(`${field}[${resource}]`, quantity, value);
  }
  checkDefaultsCoverQuota(checks, quota, limitRange);
  checkOrder(checks, 'limitRange.defaultRequest', limitRange.defaultRequest, 'limitRange.default', limitRange.default);
  checkOrder(checks, 'limitRange.default', limitRange.default, 'limitRange.max', limitRange.max ?? {});
}

function nested({ default: limits, defaultRequest, max }: LimitRangeProps): Record<string, StringMap> {
  return { 'limitRange.default': limits, 'limitRange.defaultRequest': defaultRequest, 'limitRange.max': max ?? {} };
}

/** A quota makes cpu and memory mandatory (the quota admission plugin's `validationSet`). */
function checkDefaultsCoverQuota(checks: Checks, quota: StringMap, limitRange: LimitRangeProps): void {
  for (const resource of ['cpu', 'memory']) {
    const limited = Object.hasOwn(quota, `limits.${resource}`);
    const requested = Object.hasOwn(quota, `requests.${resource}`) || Object.hasOwn(quota, resource);
    checks.that(
      !limited || Object.hasOwn(limitRange.default, resource),
      `limitRange.default[${resource}]`,
      `is needed because quota[limits.${resource}] rejects pods without it`,
    );
    checks.that(
      !requested || Object.hasOwn(limitRange.defaultRequest, resource),
      `limitRange.defaultRequest[${resource}]`,
      `is needed because the quota of ${resource} requests rejects pods without it`,
    );
  }
}

function checkOrder(checks: Checks, lowField: string, low: StringMap, highField: string, high: StringMap): void {
  for (const [resource, value] of Object.entries(low)) {
    const bound = Object.hasOwn(high, resource) ? high[resource] : undefined;
    if (bound === undefined) continue;
    const ok = !(quantityValue(value) > quantityValue(bound));
    checks.that(ok, `${lowField}[${resource}]`, `must not be above ${highField}; found ${value} above ${bound}`);
  }
}
