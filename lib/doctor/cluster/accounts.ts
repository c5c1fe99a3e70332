import { type CheckResult, couldNotRead, fail, ok } from '../../cluster/check-result.ts';
import { type AccessRequest, type ClusterAnswer, list, text } from '../../cluster/reader.ts';
import {
  CLEANER_ACCOUNT,
  CLEANER_NAMESPACE,
  CLUSTER_ACCOUNT,
  EXPIRES_LABEL,
  FENCER_ACCOUNT,
  PREVIEW_LABEL,
  PREVIEW_PREFIX,
  RECONCILER_ACCOUNT,
  WATCH_ACCOUNT,
  WATCH_ROLE,
  WORKLOADS_ROLE,
} from '../../model/labels.ts';
import { previewAccount, reconcilerNamespace, reconcilerOf } from '../../reconcilers/index.ts';
import { chose, type DoctorContext } from './context.ts';

interface Question {
  readonly account: string;
  readonly user: string;
  readonly access: AccessRequest;
  readonly wanted: boolean;
}

const RBAC = 'rbac.authorization.k8s.io';

/**
 * Checks the permissions of the accounts of previews with the API server itself, whatever roles and bindings they come
 * from: enough for their work, and nothing that could undo a fence.
 */
export async function accountRights(context: DoctorContext): Promise<CheckResult[]> {
  if (!context.previews) return [];
  const check = 'accounts';
  const asked = await Promise.all(
    questions(context, await somePreview(context)).map(async (question) => ({
      ...question,
      answer: await context.reader.may(question.user, question.access),
    })),
  );
  const refused = asked.map(({ answer }) => answer).find((answer) => answer.kind === 'refused');
  if (refused !== undefined) {
    return [couldNotRead(check, 'permissions of accounts', refused as Extract<ClusterAnswer, { kind: 'refused' }>)];
  }
  const wrong = asked.filter(({ answer, wanted }) => answer.kind === 'found' && answer.value !== wanted);
  const found = wrong.map(({ account, access, wanted }) =>
    wanted
      ? fail(
          check,
          `${account} may not ${words(access)}, which it needs to do.`,
          'An administrator applies bootstrap/install again.',
        )
      : fail(
          check,
          `${account} may ${words(access)}, but must not.`,
          'Find the binding that grants it and remove it; bootstrap/install has everything that the account needs.',
        ),
  );
  found.push(...(await foreignBindings(context)));
  return found.length > 0
    ? found
    : [ok(check, `${asked.length} permissions of accounts of previews are as they should be`)];
}

/**
 * Name of a running preview, for questions about its account. A namespace that only has the label, has expired or is being
 * deleted may have no such account; other checks report it.
 */
async function somePreview({ reader, isKnown, now }: DoctorContext): Promise<string | undefined> {
  const answer = await reader.get(`/api/v1/namespaces?labelSelector=${encodeURIComponent(PREVIEW_LABEL)}`);
  const namespaces = answer.kind === 'found' ? list(answer.value, 'items') : [];
  const label = (o: unknown, key: string) => text(o, 'metadata', 'labels', key);
  const found = namespaces.find((o) => {
    const name = text(o, 'metadata', 'name');
    const isGoing = text(o, 'metadata', 'deletionTimestamp') !== '';
    return !isGoing && isKnown(name) && label(o, PREVIEW_LABEL) === name && Number(label(o, EXPIRES_LABEL)) > now;
  });
  return found === undefined ? undefined : text(found, 'metadata', 'name');
}

/** Bindings outside of fences whose subject is an account of a preview, or a group of them. */
async function foreignBindings({ reader, platform }: DoctorContext): Promise<CheckResult[]> {
  const lists = ['rolebindings', 'clusterrolebindings'].map((kind) => `/apis/${RBAC}/v1/${kind}`);
  const answers = await Promise.all(lists.map((path) => reader.get(path)));
  return answers.flatMap((answer) => {
    if (answer.kind === 'refused') return [couldNotRead('accounts', 'bindings of roles', answer)];
    const bindings = answer.kind === 'found' ? list(answer.value, 'items') : [];
    return bindings
      .filter((binding) => grantsToPreviews(binding, platform) || isInCleanersHome(binding))
      .map((binding) => {
        const [name, namespace] = [text(binding, 'metadata', 'name'), text(binding, 'metadata', 'namespace')];
        const what = namespace === '' ? `clusterrolebinding ${name}` : `rolebinding ${name} -n ${namespace}`;
        const role = text(binding, 'roleRef', 'name');
        const gives = isInCleanersHome(binding)
          ? `gives ${role} in ${namespace}: everybody who can create pods there can end every preview.`
          : `gives ${role} to accounts of previews.`;
        return fail(
          'accounts',
          `${namespace === '' ? 'ClusterRoleBinding' : 'RoleBinding'} ${name} ${gives}`,
          `Run kubectl delete ${what} if nobody knows its purpose.`,
        );
      });
  });
}

/** greenroom binds nothing there; OpenShift gives every namespace three bindings of its own. */
const isInCleanersHome = (binding: unknown) =>
  text(binding, 'metadata', 'namespace') === CLEANER_NAMESPACE &&
  !text(binding, 'metadata', 'name').startsWith('system:');

/** Roles with which an account writes whatever it likes. */
const STRONG_ROLES = ['admin', 'cluster-admin', 'edit'];

function grantsToPreviews(binding: unknown, platform: DoctorContext['platform']): boolean {
  const [name, namespace] = [text(binding, 'metadata', 'name'), text(binding, 'metadata', 'namespace')];
  const isOurs = namespace.startsWith(PREVIEW_PREFIX) && name === RECONCILER_ACCOUNT;
  // OpenShift creates three bindings with such names in every namespace.
  if (isOurs || name.startsWith('system:')) return false;
  const reconciler = reconcilerOf(platform);
  const isStrong = namespace === '' && STRONG_ROLES.includes(text(binding, 'roleRef', 'name'));
  return list(binding, 'subjects').some((subject) => {
    const [kind, who, where] = [text(subject, 'kind'), text(subject, 'name'), text(subject, 'namespace')];
    if (kind === 'Group')
      return who.startsWith(`system:serviceaccounts:${PREVIEW_PREFIX}`) || (isStrong && isEveryone(who));
    if (kind !== 'ServiceAccount') return false;
    return where.startsWith(PREVIEW_PREFIX) || (where === reconciler.accountsBeside && who.startsWith(PREVIEW_PREFIX));
  });
}

const isEveryone = (group: string) =>
  ['system:authenticated', 'system:serviceaccounts', 'system:unauthenticated'].includes(group);

function questions({ platform }: DoctorContext, preview: string | undefined): Question[] {
  const home = reconcilerNamespace(platform);
  const of = (
    account: string,
    namespace: string,
    wanted: boolean,
    verb: string,
    group: string,
    resource: string,
    more = {},
  ) => ({
    account,
    user: `system:serviceaccount:${namespace}:${account}`,
    access: { verb, group, resource, ...more },
    wanted,
  });
  const elsewhere = { namespace: 'kube-system' };
  const own = previewAccount(reconcilerOf(platform), preview ?? '');
  return [
    of(FENCER_ACCOUNT, home, true, 'create', '', 'namespaces'),
    of(FENCER_ACCOUNT, home, true, 'create', '', 'resourcequotas', { namespace: preview ?? 'pr-x' }),
    of(FENCER_ACCOUNT, home, true, 'bind', RBAC, 'clusterroles', { name: WORKLOADS_ROLE }),
    ...(platform.status.watch
      ? [
          of(FENCER_ACCOUNT, home, true, 'bind', RBAC, 'clusterroles', { name: WATCH_ROLE }),
          of(WATCH_ACCOUNT, WATCH_ACCOUNT, true, 'watch', '', 'namespaces'),
          of(WATCH_ACCOUNT, WATCH_ACCOUNT, false, 'list', '', 'pods', elsewhere),
        ]
      : []),
    of(FENCER_ACCOUNT, home, false, 'bind', RBAC, 'clusterroles', { name: 'cluster-admin' }),
    of(FENCER_ACCOUNT, home, false, 'create', 'apps', 'deployments', elsewhere),
    of(FENCER_ACCOUNT, home, false, 'get', '', 'secrets', elsewhere),
    of(CLUSTER_ACCOUNT, home, false, 'create', RBAC, 'clusterrolebindings'),
    of(CLUSTER_ACCOUNT, home, false, 'get', '', 'secrets', elsewhere),
    ...(chose(platform, 'kyverno')
      ? []
      : [
          of(CLEANER_ACCOUNT, CLEANER_NAMESPACE, true, 'delete', '', 'namespaces'),
          of(CLEANER_ACCOUNT, CLEANER_NAMESPACE, false, 'get', '', 'secrets', elsewhere),
        ]),
    ...(preview === undefined
      ? []
      : [
          of(own.name, own.namespace, true, 'create', 'apps', 'deployments', { namespace: preview }),
          of(own.name, own.namespace, false, 'update', '', 'resourcequotas', { namespace: preview }),
          of(own.name, own.namespace, false, 'create', RBAC, 'rolebindings', { namespace: preview }),
          of(own.name, own.namespace, false, 'create', 'apps', 'deployments', elsewhere),
          of(own.name, own.namespace, false, 'create', '', 'namespaces'),
        ]),
  ];
}

function words({ verb, group, resource, namespace, name }: AccessRequest): string {
  const what = `${resource}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` ${name}`}`;
  return `${verb} ${what}${namespace === undefined ? '' : ` in ${namespace}`}`;
}
