import { type CheckResult, couldNotRead, fail, names, ok } from '../../cluster/check-result.ts';
import { type ClusterAnswer, list, text } from '../../cluster/reader.ts';
import { at } from '../../core/json.ts';
import { reconcilerOf } from '../../reconcilers/index.ts';
import { chose, type DoctorContext, type WantedObject } from './context.ts';

/** Kinds of policies of each engine, and where the API server lists them. */
const KINDS = [
  kind('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy', 'validatingadmissionpolicies'),
  kind('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings'),
  kind('policies.kyverno.io/v1', 'ValidatingPolicy', 'validatingpolicies'),
  kind('policies.kyverno.io/v1', 'ImageValidatingPolicy', 'imagevalidatingpolicies'),
  kind('kyverno.io/v1', 'ClusterPolicy', 'clusterpolicies'),
  kind('templates.gatekeeper.sh/v1', 'ConstraintTemplate', 'constrainttemplates'),
] as const;

/** Kinds whose presence is checked here. */
export const ADMISSION_KINDS: ReadonlySet<string> = new Set(KINDS.map((each) => each.kind));

function kind(apiVersion: string, name: string, resource: string) {
  return { apiVersion, kind: name, path: `/apis/${apiVersion}/${resource}` };
}

/** The policies and bindings of the apps repo must exist, deny requests, and fail closed. */
export async function admissionPolicies(context: DoctorContext): Promise<CheckResult[]> {
  const found: CheckResult[] = [];
  for (const each of KINDS) {
    const wanted = context.wanted.filter((o) => o.apiVersion === each.apiVersion && o.kind === each.kind);
    if (wanted.length > 0)
      found.push(
        ...ofKind(each.kind, wanted, await context.reader.get(each.path), reconcilerOf(context.platform).doctor.resync),
      );
  }
  return found;
}

function ofKind(kindName: string, wanted: readonly WantedObject[], answer: ClusterAnswer, fix: string): CheckResult[] {
  const check = `admission/${kindName}`;
  if (answer.kind === 'refused') return [couldNotRead(check, `every ${kindName}`, answer)];
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
  const withoutDeny = present.filter(({ metadata, spec }) => {
    const live = list(there.get(metadata.name), 'spec', 'validationActions');
    return list(spec, 'validationActions').includes('Deny') && !live.includes('Deny');
  });
  const found: CheckResult[] = [];
  if (lacking.length > 0) {
    found.push(
      fail(check, `${lacking.length} of ${wanted.length} are missing in the cluster: ${named(lacking)}.`, fix),
    );
  }
  if (open.length > 0) {
    found.push(fail(check, `${named(open)} allow requests that they cannot evaluate (failurePolicy: Ignore).`, fix));
  }
  if (withoutDeny.length > 0) found.push(fail(check, `${named(withoutDeny)} deny nothing (no action Deny).`, fix));
  return found.length > 0 ? found : [ok(check, `all ${wanted.length} exist and fail closed`)];
}

function failurePolicy(object: unknown): string {
  return text(object, 'spec', 'failurePolicy');
}

const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

/** Kyverno and Gatekeeper check requests through webhooks, which may be configured to fail open. */
export async function engineWebhooks({ reader, platform, previews }: DoctorContext): Promise<CheckResult[]> {
  const engines = ENGINES.filter(({ engine }) => engine.some((name) => chose(platform, name)));
  if (!previews || engines.length === 0) return [];
  const answer = await reader.get(WEBHOOKS);
  if (answer.kind !== 'found') {
    const refused = answer.kind === 'refused' ? answer : ({ kind: 'refused', reason: 'there are none' } as const);
    return [couldNotRead('admission/webhooks', 'webhooks', refused)];
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

function webhooksOf({ by, configuration, fix }: (typeof ENGINES)[number], all: readonly unknown[]): CheckResult {
  const check = `admission/${by.toLowerCase()}`;
  const found = all.find((each) => text(each, 'metadata', 'name') === configuration);
  const webhooks = list(found, 'webhooks');
  if (webhooks.length === 0) return fail(check, `${by} has no webhook: its policies check nothing.`, fix);
  // Each engine also has a webhook that fails open on purpose; those with our policies fail closed.
  const closed = webhooks.filter((webhook) => at(webhook, 'failurePolicy') === 'Fail');
  return closed.length > 0
    ? ok(check, `${by}'s webhook fails closed`)
    : fail(check, `${by}'s webhook allows everything while ${by} is down (failurePolicy: Ignore).`, fix);
}
