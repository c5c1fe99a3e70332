import { type CheckResult, couldNotRead, fail, names, ok, warn } from '../../cluster/check-result.ts';
import { type ClusterAnswer, list, text } from '../../cluster/reader.ts';
import { at } from '../../core/json.ts';
import { RECONCILER_ACCOUNT } from '../../model/labels.ts';
import { chose, type DoctorContext } from './context.ts';

/** Checks settings of image verifiers and of Kyverno that would exclude previews or accept unsigned statements. */
export async function imageVerifiers(context: DoctorContext): Promise<CheckResult[]> {
  const { evidence } = context.platform;
  if (!context.previews) return [];
  const asksController = evidence.admission === 'signatures' && evidence.verifier === 'policy-controller';
  const usesKyverno = chose(context.platform, 'kyverno') || chose(context.platform, 'kyverno-legacy');
  return [
    ...(asksController ? await policyController(context) : []),
    ...(usesKyverno ? [await kyvernoSettings(context), await kyvernoExceptions(context)] : []),
  ];
}

/** If it is missing, it may be installed elsewhere: nothing is known. */
function notThere(answer: Exclude<ClusterAnswer, { kind: 'found' }>): Extract<ClusterAnswer, { kind: 'refused' }> {
  return answer.kind === 'refused' ? answer : { kind: 'refused', reason: 'they are not in their usual namespace' };
}

const CONTROLLER = '/api/v1/namespaces/cosign-system/configmaps/config-policy-controller';
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

/** Source: https://github.com/sigstore/policy-controller/blob/main/pkg/config/store.go */
async function policyController({ reader }: DoctorContext): Promise<CheckResult[]> {
  const [settings, webhooks] = await Promise.all([reader.get(CONTROLLER), reader.get(WEBHOOKS)]);
  return [controllerSettings(settings), controllerWebhook(webhooks)];
}

function controllerSettings(answer: ClusterAnswer): CheckResult {
  const check = 'images/policy-controller';
  if (answer.kind !== 'found') return couldNotRead(check, 'the settings of policy-controller', notThere(answer));
  const setting = (name: string) => text(answer.value, 'data', name);
  const edit = (name: string, wanted: string) =>
    `Set ${name}: "${wanted}" in ConfigMap cosign-system/config-policy-controller.`;
  if (setting('enable-oci11') === 'true') {
    const message = 'policy-controller accepts unsigned statements about images (enable-oci11: "true").';
    return fail(check, message, edit('enable-oci11', 'false'));
  }
  if (setting('fail-on-empty-authorities') === 'false') {
    const message = 'policy-controller allows images if a policy names no signer (fail-on-empty-authorities: "false").';
    return fail(check, message, edit('fail-on-empty-authorities', 'true'));
  }
  // The default is deny.
  const unmatched = setting('no-match-policy');
  if (unmatched !== '' && unmatched !== 'deny') {
    const message = `policy-controller allows images that no policy matches (no-match-policy: ${unmatched}); only the rule allowed-registries denies them.`;
    return warn(check, message, edit('no-match-policy', 'deny'));
  }
  return ok(check, 'policy-controller denies unsigned images');
}

function controllerWebhook(answer: ClusterAnswer): CheckResult {
  const check = 'admission/policy-controller';
  const fix = 'Install policy-controller with failurePolicy: Fail.';
  if (answer.kind === 'refused') return couldNotRead(check, 'webhooks', answer);
  const all = answer.kind === 'found' ? list(answer.value, 'items') : [];
  const own = all.find((each) => text(each, 'metadata', 'name') === 'policy.sigstore.dev');
  const webhooks = list(own, 'webhooks');
  if (webhooks.length === 0) return fail(check, 'policy-controller has no webhook: it checks nothing.', fix);
  return webhooks.every((webhook) => at(webhook, 'failurePolicy') === 'Fail')
    ? ok(check, "policy-controller's webhook fails closed")
    : fail(check, "policy-controller's webhook allows everything while it is down (failurePolicy: Ignore).", fix);
}

const KYVERNO = '/api/v1/namespaces/kyverno/configmaps/kyverno';
/** An example of a namespace that a filter must not match. */
const PREVIEW = 'pr-shop-7';
const KINDS = ['Pod', 'Deployment', 'Job', 'CronJob', 'StatefulSet', 'Ingress', 'HTTPRoute', 'Service', 'Secret'];

/** Users that write into namespaces of previews: the reconciler with their account, and Kubernetes' controllers. */
const WRITERS = [
  `system:serviceaccount:${PREVIEW}:${RECONCILER_ACCOUNT}`,
  'system:serviceaccount:kube-system:replicaset-controller',
  'system:kube-controller-manager',
  'system:serviceaccounts',
  `system:serviceaccounts:${PREVIEW}`,
  'system:serviceaccounts:kube-system',
  'system:authenticated',
];

/** Source: https://kyverno.io/docs/installation/customization/#resource-filters */
async function kyvernoSettings({ reader }: DoctorContext): Promise<CheckResult> {
  const check = 'admission/kyverno-settings';
  const answer = await reader.get(KYVERNO);
  if (answer.kind !== 'found') return couldNotRead(check, 'the settings of Kyverno', notThere(answer));
  const data = at(answer.value, 'data');
  const filters = [...text(data, 'resourceFilters').matchAll(/\[[^\]]*\]/g)].map(([filter]) => filter);
  const open = filters.filter(matchesPreviews);
  if (open.length > 0) {
    const message = `Kyverno ignores everything that ${names(open)} matches, including previews (resourceFilters).`;
    return fail(check, message, 'Remove it from resourceFilters in ConfigMap kyverno/kyverno.');
  }
  const excluded = ['excludeGroups', 'excludeUsernames']
    .flatMap((key) => text(data, key).split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('!'));
  const trusted = excluded.filter((pattern) => WRITERS.some((writer) => isLike(writer, pattern)));
  if (trusted.length > 0) {
    const message = `Kyverno ignores everything that ${names(trusted)} writes, also in previews (excludeGroups, excludeUsernames).`;
    return fail(check, message, 'Remove it from the lists in ConfigMap kyverno/kyverno.');
  }
  return ok(check, 'Kyverno ignores nothing in previews');
}

/** Whether a filter such as `[Pod,*,*]` or `[Deployment,pr-*,*]` excludes objects of previews. */
function matchesPreviews(filter: string): boolean {
  const [what = '', namespace = '*', name = '*'] = filter
    .slice(1, -1)
    .split(',')
    .map((part) => part.trim());
  const parts = what.split('/');
  const at = parts.findIndex((part) => /^[A-Z]/.test(part));
  // `Pod/binding` is only a subresource.
  if (at !== -1 && at !== parts.length - 1) return false;
  const kind = at === -1 ? (parts[0] ?? '') : (parts[at] ?? '');
  return KINDS.some((one) => isLike(one, kind)) && isLike(PREVIEW, namespace || '*') && isLike(PREVIEW, name || '*');
}

/** Kyverno's wildcards: * for any text, ? for one character. */
function isLike(value: string, pattern: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`).test(value);
}

const EXCEPTIONS = ['/apis/policies.kyverno.io/v1/policyexceptions', '/apis/kyverno.io/v2/policyexceptions'];

/** Exceptions outside of the apps repo, which were not reviewed there. */
async function kyvernoExceptions({ reader }: DoctorContext): Promise<CheckResult> {
  const check = 'admission/kyverno-exceptions';
  const answers = await Promise.all(EXCEPTIONS.map((path) => reader.get(path)));
  const refused = answers.find((answer) => answer.kind === 'refused');
  if (refused !== undefined) return couldNotRead(check, 'exceptions of Kyverno', refused);
  const all = answers.flatMap((answer) => (answer.kind === 'found' ? list(answer.value, 'items') : []));
  const ours = all.filter((one) =>
    [
      ...list(one, 'spec', 'policyRefs').map((ref) => text(ref, 'name')),
      ...list(one, 'spec', 'exceptions').map((each) => text(each, 'policyName')),
    ].some((policy) => policy.startsWith('greenroom-') || policy.includes('*')),
  );
  if (ours.length === 0) return ok(check, 'Kyverno has no exceptions to our policies');
  const which = names(ours.map((one) => `${text(one, 'metadata', 'namespace')}/${text(one, 'metadata', 'name')}`));
  const message = `PolicyException ${which} disables rules of greenroom, outside of the apps repo.`;
  return warn(
    check,
    message,
    'Grant it under exceptions/ in the apps repo, with a reason and an end, and remove it here.',
  );
}
