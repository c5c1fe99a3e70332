import type { Construct } from 'constructs';
import { parseImage } from '../../model/image.ts';
import { writableProblem } from '../../model/preview/writable.ts';
import { dnsLabel, dnsName, quantity, quantityValue } from '../../model/scalars.ts';
import { lastPart } from '../../model/secret-reference.ts';
import { templateOf } from '../../model/templates/index.ts';
import { Checks } from '../checks.ts';
import { checkAnnotations, checkLabels, isLabelValue, isMetadataKey, type StringMap } from '../metadata.ts';
import { DEFAULT_EPHEMERAL_STORAGE, DEFAULT_TMP_SIZE, EPHEMERAL_REQUEST } from './pod.ts';
import type { PreviewAppProps, Resources } from './props.ts';

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const REFERENCE = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,252}(#[A-Za-z0-9][A-Za-z0-9._-]{0,100})?$/;

/**
 * Checks props that the API server would refuse, or with which the preview could not work.
 *
 * @throws GreenroomError `invalid-input` with all problems
 */
export function checkProps(scope: Construct, props: PreviewAppProps, ownLabels: StringMap): void {
  const checks = new Checks();
  checkNames(checks, props);
  checkContainer(checks, props);
  checkEnvironment(checks, props);
  checkSecretStore(checks, props);
  checkSpot(checks, props);
  checkLabels(checks, 'labels', props.labels ?? {}, ownLabels);
  checkAnnotations(checks, 'annotations', props.annotations ?? {}, {});
  checkAnnotations(checks, 'routeAnnotations', props.routeAnnotations ?? {}, {});
  checks.throwIfAny(scope);
}

function checkNames(
  checks: Checks,
  { name, namespace, app, partOf, host, ingress, serviceAccount }: PreviewAppProps,
): void {
  // A Service's name is a DNS-1035 label.
  if (checks.scalar('name', dnsLabel, name)) {
    checks.that(/^[a-z]/.test(name), 'name', `must start with a letter; found ${name}`);
  }
  checks.scalar('namespace', dnsLabel, namespace);
  checks.scalar('app', dnsLabel, app);
  checks.scalar('partOf', dnsLabel, partOf);
  checks.scalar('host', dnsName, host);
  checks.scalar('serviceAccount', dnsLabel, serviceAccount);
  checks.scalar('ingress.class', dnsLabel, ingress.class);
  checks.scalar('ingress.gateway.name', dnsLabel, ingress.gateway?.name);
  checks.scalar('ingress.gateway.namespace', dnsLabel, ingress.gateway?.namespace);
  checks.scalar('ingress.gateway.listener', dnsLabel, ingress.gateway?.listener);
  const attached = ingress.kind !== 'gateway' || ingress.gateway !== undefined;
  checks.that(attached, 'ingress.gateway', 'is needed with ingress.kind gateway');
}

function checkContainer(checks: Checks, props: PreviewAppProps): void {
  const { image, replicas = 1, size } = props;
  const { defaults } = templateOf(props.template);
  const parsed = parseImage(image);
  checks.that(typeof parsed !== 'string', 'image', `${parsed}; found ${JSON.stringify(image)}`);
  if (defaults.port === null) {
    for (const field of ['port', 'health'] as const) {
      checks.that(props[field] === undefined, field, `is not for a ${props.template}, which listens on no port`);
    }
  } else {
    const { port = defaults.port } = props;
    const usable = Number.isInteger(port) && port >= 1024 && port <= 65_535;
    checks.that(usable, 'port', `must be a whole number from 1024 to 65535; found ${port}`);
  }
  checkHealth(checks, props.health);
  checkProcess(checks, props);
  const countable = Number.isInteger(replicas) && replicas >= 1 && replicas <= 100;
  checks.that(countable, 'replicas', `must be a whole number from 1 to 100; found ${replicas}`);
  checkDisk(checks, props.tmpSize ?? DEFAULT_TMP_SIZE, props.ephemeralStorage ?? DEFAULT_EPHEMERAL_STORAGE);
  for (const resource of ['cpu', 'memory'] as const) checkResource(checks, resource, size.requests, size.limits);
}

function checkHealth(checks: Checks, health: PreviewAppProps['health'] = '/'): void {
  if (typeof health === 'object' && 'tcp' in health) return;
  const { path, host = 'x' } = typeof health === 'string' ? { path: health } : health;
  const field = typeof health === 'string' ? 'health' : 'health.path';
  const isPath = path.length <= 200 && /^\/[A-Za-z0-9._~/-]*$/.test(path);
  checks.that(isPath, field, `must be a path such as /healthz; found ${JSON.stringify(path)}`);
  checks.that(/^[A-Za-z0-9.:-]{1,253}$/.test(host), 'health.host', `must be a host; found ${JSON.stringify(host)}`);
}

function checkProcess(checks: Checks, props: PreviewAppProps): void {
  const { user, writable = [], path, template } = props;
  const isUser = user === undefined || (Number.isInteger(user) && user >= 1 && user <= 2_147_483_647);
  checks.that(isUser, 'user', `must be a number from 1; found ${user}`);
  for (const [i, place] of writable.entries()) {
    const problem = /^(\/[A-Za-z0-9._~-]+)+$/.test(place)
      ? writableProblem(place, [...(props.command ?? []), ...(props.args ?? []), ...(props.release ?? [])])
      : 'must be an absolute path of plain segments';
    checks.that(problem === undefined, `writable[${i}]`, `${problem}; found ${JSON.stringify(place)}`);
  }
  const isPath = path === undefined || path === null || /^\/[A-Za-z0-9._~/-]*$/.test(path);
  checks.that(isPath, 'path', `must be a path such as /api; found ${JSON.stringify(path)}`);
  const runsWhole = templateOf(template).runtime({ knative: props.knative ?? false }).needsService;
  checks.that(
    props.release === undefined || runsWhole,
    'release',
    'is not possible for a Knative Service, which has no such step',
  );
  const isRoot = path === undefined || path === null || path === '/';
  checks.that(isRoot || runsWhole, 'path', 'is not for a Knative Service, which has the whole host');
}

function checkDisk(checks: Checks, tmp: string, disk: string): void {
  const valid = [checks.scalar('tmpSize', quantity, tmp), checks.scalar('ephemeralStorage', quantity, disk)];
  if (valid.includes(false)) return;
  const enough = Math.max(quantityValue(EPHEMERAL_REQUEST), quantityValue(tmp)) <= quantityValue(disk);
  checks.that(enough, 'ephemeralStorage', `must be at least tmpSize and ${EPHEMERAL_REQUEST}; found ${disk}`);
}

function checkResource(checks: Checks, resource: keyof Resources, requests: Resources, limits: Resources): void {
  const [low, high] = [requests[resource], limits[resource]];
  const valid = [
    checks.scalar(`size.requests.${resource}`, quantity, low),
    checks.scalar(`size.limits.${resource}`, quantity, high),
  ];
  if (valid.includes(false)) return;
  const ordered = quantityValue(low) <= quantityValue(high);
  checks.that(ordered, `size.requests.${resource}`, `must not be above size.limits; found ${low} above ${high}`);
}

function checkEnvironment(checks: Checks, { env = {}, secrets = {} }: PreviewAppProps): void {
  for (const [group, variables] of Object.entries({ env, secrets })) {
    for (const name of Object.keys(variables)) {
      checks.that(VARIABLE.test(name), `${group}[${name}]`, 'is not a name of an environment variable');
      checks.that(name !== 'PORT', `${group}.PORT`, 'is set from port');
    }
  }
  for (const [name, reference] of Object.entries(secrets)) {
    checks.that(!Object.hasOwn(env, name), `secrets[${name}]`, 'is also under env');
    // The value is not shown, since it may be the secret itself by mistake.
    checks.that(REFERENCE.test(reference), `secrets[${name}]`, 'must be a reference such as acme/shop/stripe');
  }
}

function checkSecretStore(checks: Checks, { secrets = {}, secretStore }: PreviewAppProps): void {
  checks.scalar('secretStore.store', dnsLabel, secretStore?.store);
  const references = Object.entries(secrets);
  checks.that(references.length === 0 || secretStore !== undefined, 'secretStore', 'is needed with secrets');
  if (secretStore === undefined || secretStore.mechanism === 'external-secrets') return;
  const byKey = new Map<string, string>();
  for (const [name, reference] of references) {
    const key = lastPart(reference);
    const other = byKey.get(key);
    const distinct = key !== '' && (other === undefined || other === reference);
    checks.that(distinct, `secrets[${name}]`, 'must end in a key that no other reference ends in');
    byKey.set(key, reference);
  }
}

function checkSpot(checks: Checks, { spot }: PreviewAppProps): void {
  if (spot === undefined) return;
  const { label, toleration } = spot;
  checks.that(isMetadataKey(label.key), 'spot.label.key', `is not a label key; found ${label.key}`);
  checks.that(isLabelValue(label.value), 'spot.label.value', `is not a label value; found ${label.value}`);
  if (toleration === undefined) return;
  checks.that(isMetadataKey(toleration.key), 'spot.toleration.key', `is not a taint key; found ${toleration.key}`);
  checks.that(isLabelValue(toleration.value ?? ''), 'spot.toleration.value', 'is not the value of a taint');
}
