import { couldNotLook, fail, names, type Observation, ok } from '../../cluster/observation.ts';
import { type Answer, at, list, text } from '../../cluster/reader.ts';
import { reconcilerOf } from '../../reconcilers/index.ts';
import { chose, type Look, type WantedObject } from './look.ts';

/** Where the objects of each engine are listed, and what holds a request when the engine cannot decide. */
const KINDS = [
  kind('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy', 'validatingadmissionpolicies'),
  kind('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings'),
  kind('policies.kyverno.io/v1', 'ValidatingPolicy', 'validatingpolicies'),
  kind('policies.kyverno.io/v1', 'ImageValidatingPolicy', 'imagevalidatingpolicies'),
  kind('kyverno.io/v1', 'ClusterPolicy', 'clusterpolicies'),
  kind('templates.gatekeeper.sh/v1', 'ConstraintTemplate', 'constrainttemplates'),
] as const;

/** Kinds whose presence is looked at here. */
export const ADMISSION_KINDS: ReadonlySet<string> = new Set(KINDS.map((each) => each.kind));

function kind(apiVersion: string, name: string, resource: string) {
  return { apiVersion, kind: name, path: `/apis/${apiVersion}/${resource}` };
}

/** Policies and bindings that the apps repo holds: there, binding, and refusing when they cannot decide. */
export async function admissionPolicies(look: Look): Promise<Observation[]> {
  const found: Observation[] = [];
  for (const each of KINDS) {
    const wanted = look.wanted.filter((o) => o.apiVersion === each.apiVersion && o.kind === each.kind);
    if (wanted.length > 0)
      found.push(
        ...ofKind(each.kind, wanted, await look.reader.get(each.path), reconcilerOf(look.platform).doctor.resync),
      );
  }
  return found;
}

function ofKind(kindName: string, wanted: readonly WantedObject[], answer: Answer, fix: string): Observation[] {
  const check = `admission/${kindName}`;
  if (answer.kind === 'refused') return [couldNotLook(check, `every ${kindName}`, answer)];
  const there = new Map(
    (answer.kind === 'found' ? list(answer.value, 'items') : []).map((object) => [
      text(object, 'metadata', 'name'),
      object,
    ]),
  );
  const named = (objects: readonly WantedObject[]) => names(objects.map(({ metadata }) => metadata.name));
  const lacking = wanted.filter(({ metadata }) => !there.has(metadata.name));
  const present = wanted.filter(({ metadata }) => there.has(metadata.name));
  const open = present.filter(({ metadata }) => failurePolicy(there.get(metadata.name)) === 'Ignore');
  const toothless = present.filter(({ metadata, spec }) => {
    const live = list(there.get(metadata.name), 'spec', 'validationActions');
    return list(spec, 'validationActions').includes('Deny') && !live.includes('Deny');
  });
  const found: Observation[] = [];
  if (lacking.length > 0) {
    found.push(fail(check, `${lacking.length} of ${wanted.length} are not in the cluster: ${named(lacking)}.`, fix));
  }
  if (open.length > 0) {
    found.push(fail(check, `${named(open)} let requests pass when they cannot decide (failurePolicy: Ignore).`, fix));
  }
  if (toothless.length > 0) found.push(fail(check, `${named(toothless)} refuse nothing (no action Deny).`, fix));
  return found.length > 0 ? found : [ok(check, `all ${wanted.length} are there and fail closed`)];
}

function failurePolicy(object: unknown): string {
  return text(object, 'spec', 'failurePolicy');
}

const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

/** Kyverno and Gatekeeper check requests through webhooks, which can be told to let everything pass while they are down. */
export async function engineWebhooks({ reader, platform, previews }: Look): Promise<Observation[]> {
  const engines = ENGINES.filter(({ engine }) => engine.some((name) => chose(platform, name)));
  if (!previews || engines.length === 0) return [];
  const answer = await reader.get(WEBHOOKS);
  if (answer.kind !== 'found') {
    const refused = answer.kind === 'refused' ? answer : ({ kind: 'refused', reason: 'there are none' } as const);
    return [couldNotLook('admission/webhooks', 'webhooks', refused)];
  }
  return engines.map((engine) => webhooksOf(engine, list(answer.value, 'items')));
}

const ENGINES = [
  {
    by: 'Kyverno',
    engine: ['kyverno', 'kyverno-legacy'],
    configuration: 'kyverno-resource-validating-webhook-cfg',
    fix: 'Start its admission controller, without forceFailurePolicyIgnore.',
  },
  {
    by: 'Gatekeeper',
    engine: ['gatekeeper'],
    configuration: 'gatekeeper-validating-webhook-configuration',
    fix: 'Install it with validatingWebhookFailurePolicy: Fail.',
  },
] as const;

function webhooksOf({ by, configuration, fix }: (typeof ENGINES)[number], all: readonly unknown[]): Observation {
  const check = `admission/${by.toLowerCase()}`;
  const found = all.find((each) => text(each, 'metadata', 'name') === configuration);
  const webhooks = list(found, 'webhooks');
  if (webhooks.length === 0) return fail(check, `${by} has no webhook: its policies check nothing.`, fix);
  // Each keeps one webhook for what fails open by choice; those that carry our policies fail closed.
  const closed = webhooks.filter((webhook) => at(webhook, 'failurePolicy') === 'Fail');
  return closed.length > 0
    ? ok(check, `${by}'s webhook fails closed`)
    : fail(check, `${by}'s webhook lets everything pass while ${by} is down (failurePolicy: Ignore).`, fix);
}
