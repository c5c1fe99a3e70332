import { couldNotLook, fail, names, type Observation, ok, warn } from '../../cluster/observation.ts';
import { type Answer, at, list, text } from '../../cluster/reader.ts';
import { RECONCILER_ACCOUNT } from '../../model/labels.ts';
import { chose, type Look } from './look.ts';

/** Settings of what verifies images, and of Kyverno, that leave previews out or believe what nobody has signed. */
export async function imageVerifiers(look: Look): Promise<Observation[]> {
  const { evidence } = look.platform;
  if (!look.previews) return [];
  const asksController = evidence.admission === 'signatures' && evidence.verifier === 'policy-controller';
  const usesKyverno = chose(look.platform, 'kyverno') || chose(look.platform, 'kyverno-legacy');
  return [
    ...(asksController ? await policyController(look) : []),
    ...(usesKyverno ? [await kyvernoSettings(look), await kyvernoExceptions(look)] : []),
  ];
}

/** Installed somewhere else, or not at all: either way nothing was seen. */
function notThere(answer: Exclude<Answer, { kind: 'found' }>): Extract<Answer, { kind: 'refused' }> {
  return answer.kind === 'refused' ? answer : { kind: 'refused', reason: 'they are not in their usual namespace' };
}

const CONTROLLER = '/api/v1/namespaces/cosign-system/configmaps/config-policy-controller';
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

/** Source: https://github.com/sigstore/policy-controller/blob/main/pkg/config/store.go */
async function policyController({ reader }: Look): Promise<Observation[]> {
  const [settings, webhooks] = await Promise.all([reader.get(CONTROLLER), reader.get(WEBHOOKS)]);
  return [controllerSettings(settings), controllerWebhook(webhooks)];
}

function controllerSettings(answer: Answer): Observation {
  const check = 'images/policy-controller';
  if (answer.kind !== 'found') return couldNotLook(check, 'the settings of policy-controller', notThere(answer));
  const setting = (name: string) => text(answer.value, 'data', name);
  const edit = (name: string, wanted: string) =>
    `Set ${name}: "${wanted}" in ConfigMap cosign-system/config-policy-controller.`;
  if (setting('enable-oci11') === 'true') {
    const message = 'policy-controller believes statements about images that nobody has signed (enable-oci11: "true").';
    return fail(check, message, edit('enable-oci11', 'false'));
  }
  if (setting('fail-on-empty-authorities') === 'false') {
    const message =
      'policy-controller lets images pass by a policy that names no signer (fail-on-empty-authorities: "false").';
    return fail(check, message, edit('fail-on-empty-authorities', 'true'));
  }
  // It denies where nothing is set.
  const unmatched = setting('no-match-policy');
  if (unmatched !== '' && unmatched !== 'deny') {
    const message = `policy-controller lets images pass that no policy names (no-match-policy: ${unmatched}); only the rule allowed-registries refuses them.`;
    return warn(check, message, edit('no-match-policy', 'deny'));
  }
  return ok(check, 'policy-controller refuses what nobody has signed');
}

function controllerWebhook(answer: Answer): Observation {
  const check = 'admission/policy-controller';
  const fix = 'Install policy-controller with failurePolicy: Fail.';
  if (answer.kind === 'refused') return couldNotLook(check, 'webhooks', answer);
  const all = answer.kind === 'found' ? list(answer.value, 'items') : [];
  const own = all.find((each) => text(each, 'metadata', 'name') === 'policy.sigstore.dev');
  const webhooks = list(own, 'webhooks');
  if (webhooks.length === 0) return fail(check, 'policy-controller has no webhook: it checks nothing.', fix);
  return webhooks.every((webhook) => at(webhook, 'failurePolicy') === 'Fail')
    ? ok(check, "policy-controller's webhook fails closed")
    : fail(check, "policy-controller's webhook lets everything pass while it is down (failurePolicy: Ignore).", fix);
}

const KYVERNO = '/api/v1/namespaces/kyverno/configmaps/kyverno';
/** One of the namespaces that a filter must not match. */
const PREVIEW = 'pr-shop-7';
const KINDS = ['Pod', 'Deployment', 'Job', 'CronJob', 'StatefulSet', 'Ingress', 'HTTPRoute', 'Service', 'Secret'];

/** Who writes into namespaces of previews: the reconciler by their own account, and Kubernetes, which makes the pods. */
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
async function kyvernoSettings({ reader }: Look): Promise<Observation> {
  const check = 'admission/kyverno-settings';
  const answer = await reader.get(KYVERNO);
  if (answer.kind !== 'found') return couldNotLook(check, 'the settings of Kyverno', notThere(answer));
  const data = at(answer.value, 'data');
  const filters = [...text(data, 'resourceFilters').matchAll(/\[[^\]]*\]/g)].map(([filter]) => filter);
  const open = filters.filter(matchesPreviews);
  if (open.length > 0) {
    const message = `Kyverno looks at nothing that ${names(open)} names, previews among it (resourceFilters).`;
    return fail(check, message, 'Take it out of resourceFilters in ConfigMap kyverno/kyverno.');
  }
  const excluded = ['excludeGroups', 'excludeUsernames']
    .flatMap((key) => text(data, key).split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('!'));
  const trusted = excluded.filter((pattern) => WRITERS.some((writer) => isLike(writer, pattern)));
  if (trusted.length > 0) {
    const message = `Kyverno looks at nothing that ${names(trusted)} writes, into previews as well (excludeGroups, excludeUsernames).`;
    return fail(check, message, 'Take it out of the lists in ConfigMap kyverno/kyverno.');
  }
  return ok(check, 'Kyverno leaves out nothing of previews');
}

/** Whether a filter such as `[Pod,*,*]` or `[Deployment,pr-*,*]` takes whole objects of previews out. */
function matchesPreviews(filter: string): boolean {
  const [what = '', namespace = '*', name = '*'] = filter
    .slice(1, -1)
    .split(',')
    .map((part) => part.trim());
  const parts = what.split('/');
  const at = parts.findIndex((part) => /^[A-Z]/.test(part));
  // `Pod/binding` names a subresource alone.
  if (at !== -1 && at !== parts.length - 1) return false;
  const kind = at === -1 ? (parts[0] ?? '') : (parts[at] ?? '');
  return KINDS.some((one) => isLike(one, kind)) && isLike(PREVIEW, namespace || '*') && isLike(PREVIEW, name || '*');
}

/** Kyverno's wildcards: * for any text, ? for one sign. */
function isLike(value: string, pattern: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`).test(value);
}

const EXCEPTIONS = ['/apis/policies.kyverno.io/v1/policyexceptions', '/apis/kyverno.io/v2/policyexceptions'];

/** Exceptions that nobody reviewed in the apps repo. */
async function kyvernoExceptions({ reader }: Look): Promise<Observation> {
  const check = 'admission/kyverno-exceptions';
  const answers = await Promise.all(EXCEPTIONS.map((path) => reader.get(path)));
  const refused = answers.find((answer) => answer.kind === 'refused');
  if (refused !== undefined) return couldNotLook(check, 'exceptions of Kyverno', refused);
  const all = answers.flatMap((answer) => (answer.kind === 'found' ? list(answer.value, 'items') : []));
  const ours = all.filter((one) =>
    [
      ...list(one, 'spec', 'policyRefs').map((ref) => text(ref, 'name')),
      ...list(one, 'spec', 'exceptions').map((each) => text(each, 'policyName')),
    ].some((policy) => policy.startsWith('greenroom-') || policy.includes('*')),
  );
  if (ours.length === 0) return ok(check, 'Kyverno has no exceptions to our policies');
  const which = names(ours.map((one) => `${text(one, 'metadata', 'namespace')}/${text(one, 'metadata', 'name')}`));
  const message = `PolicyException ${which} lifts rules of greenroom, outside of the apps repo.`;
  return warn(
    check,
    message,
    'Grant it under exceptions/ in the apps repo, with a reason and an end, and remove it here.',
  );
}
