import { eventually } from '../eventually.ts';
import type { Answer, ApiServer, Impersonation, Manifest } from './api-server.ts';
import type { Refusals } from './kyverno.ts';

/** What the API server made of one object. */
export interface AdmissionVerdict {
  /** By policy, all that refuse. */
  readonly refusals: Refusals;
  /** Why the API server itself did not get as far as asking the policies, e.g. a field of the wrong type. */
  readonly invalid?: string;
}

const SENTINEL = 'conformance-sentinel';

/**
 * Installs ValidatingAdmissionPolicies and waits until they are in force. The API server picks all of them up
 * together, so that the last one stands for those before it.
 */
export async function installPolicies(api: ApiServer, objects: readonly Manifest[], round: string): Promise<void> {
  for (const object of objects) await api.apply(object);
  const name = `${SENTINEL}-${round}`;
  const apiVersion = 'admissionregistration.k8s.io/v1';
  await api.apply({
    apiVersion,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
      },
      validations: [{ expression: `object.metadata.name != '${name}'` }],
    },
  });
  await api.apply({
    apiVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'] },
  });
  const bait = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } };
  await eventually(async () => (await dryRun(api, bait)).status === 422, { what: 'policies to be in force' });
}

/** The same policies, which now let everything pass and say of each request all that they have against it. */
export function warningOnly(objects: readonly Manifest[]): Manifest[] {
  return objects.map((object) =>
    object.kind === 'ValidatingAdmissionPolicyBinding'
      ? { ...object, spec: { ...(object['spec'] as object), validationActions: ['Warn'] } }
      : object,
  );
}

/** Creates without keeping: all of admission runs, nothing is stored. */
export async function dryRun(api: ApiServer, object: Manifest, as?: Impersonation): Promise<Answer> {
  return api.send('POST', `${await api.path(object)}?dryRun=All`, object, as);
}

/** Adds the debug containers of a pod to the same pod without them, which is made first and taken away again. */
export async function dryRunDebug(api: ApiServer, pod: Manifest, subresource: string): Promise<Answer> {
  const { ephemeralContainers: _, ...spec } = pod['spec'] as Record<string, unknown>;
  const path = await api.path(pod);
  const made = await api.send('POST', path, { ...pod, spec });
  if (made.status >= 300) return made;
  const answer = await api.send('PUT', `${path}/${pod.metadata.name}/${subresource}?dryRun=All`, pod);
  await api.send('DELETE', `${path}/${pod.metadata.name}?gracePeriodSeconds=0`);
  return answer;
}

const WARNING = /^Validation failed for ValidatingAdmissionPolicy '([^']+)' with binding '[^']+': (.*)$/s;
const DENIAL = /ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request: (.*)$/s;

/** Reads what {@link warningOnly} policies, and refusing ones, say of a request. */
export function verdictOf(answer: Answer): AdmissionVerdict {
  const refusals = new Map<string, string>();
  for (const warning of answer.warnings) {
    const [, policy, message] = WARNING.exec(warning) ?? [];
    if (policy !== undefined && message !== undefined) refusals.set(policy, message);
  }
  if (answer.status < 300) return { refusals };
  const said = String(answer.body?.message ?? answer.body);
  const [, policy, message] = DENIAL.exec(said) ?? [];
  if (policy === undefined || message === undefined) return { refusals, invalid: `${answer.status}: ${said}` };
  return { refusals: refusals.set(policy, message) };
}

/** Maps with a bound on how many run at once, in the order of the input. */
export async function mapLimited<A, B>(
  items: readonly A[],
  limit: number,
  work: (item: A) => Promise<B>,
): Promise<B[]> {
  const results: B[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i] as A);
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return results;
}
