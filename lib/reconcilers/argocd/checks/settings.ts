import { type CheckResult, couldNotRead, fail, ok } from '../../../cluster/check-result.ts';
import { at } from '../../../core/json.ts';
import type { ClusterContext } from '../../reconciler.ts';
import { CONTROLLER_ROLE } from '../controller-role.ts';
import { BOOTSTRAP_ACCOUNT } from '../names.ts';

const IMPERSONATION = 'application.sync.impersonation.enabled';

/** Required settings in `argocd-cm`, and what happens without them. */
const SETTINGS = [
  {
    check: 'impersonation',
    key: IMPERSONATION,
    value: 'true',
    good: 'Argo CD applies each preview with its own account',
    bad: "Impersonation is off: Argo CD applies makers' files with its own permissions.",
    also: '; every other AppProject then needs destinationServiceAccounts, too',
  },
  {
    check: 'jsonnet',
    key: 'jsonnet.enable',
    value: 'false',
    good: 'Argo CD evaluates no Jsonnet',
    bad: "Jsonnet is on: a file in a repository can read the repo-server's files and environment.",
    also: '',
  },
] as const;

export async function settings({ reader, platform }: ClusterContext): Promise<CheckResult[]> {
  const { namespace } = platform.argocd;
  const answer = await reader.get(`/api/v1/namespaces/${namespace}/configmaps/argocd-cm`);
  if (answer.kind === 'refused') return [couldNotRead('impersonation', `argocd-cm in ${namespace}`, answer)];
  return SETTINGS.map(({ check, key, value, good, bad, also }) => {
    const found = answer.kind === 'found' ? at(answer.value, 'data', key) : undefined;
    if (found === value) return ok(check, good);
    return fail(check, bad, `Set ${key}: "${value}" in the ConfigMap argocd-cm of ${namespace}${also}.`);
  });
}

/** Accounts of Argo CD that must not be able to grant permissions, since a push can make them act with their rights. */
const OWN_ACCOUNTS = [
  {
    account: CONTROLLER_ROLE,
    good: "Argo CD's controller can create nothing by itself",
    bad: "Argo CD's controller has all permissions, and actions without impersonation use them, such as deletion hooks.",
    fix: 'An administrator applies bootstrap/install/controller in the cluster of Argo CD.',
  },
  {
    account: BOOTSTRAP_ACCOUNT,
    good: `${BOOTSTRAP_ACCOUNT} hands out no permissions`,
    bad: `${BOOTSTRAP_ACCOUNT}, which applies what is pushed into bootstrap/argocd, may create clusterrolebindings.`,
    fix: 'Find the binding that grants it and remove it; bootstrap/install/argocd contains everything that the account needs.',
  },
] as const;

/** Permissions of the controller itself, which it uses for actions without impersonation: deletion and its hooks. */
export async function controllerRights({ reader, platform }: ClusterContext): Promise<CheckResult[]> {
  const deed = { verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings' };
  return Promise.all(
    OWN_ACCOUNTS.map(async ({ account, good, bad, fix }) => {
      const answer = await reader.may(`system:serviceaccount:${platform.argocd.namespace}:${account}`, deed);
      if (answer.kind !== 'found') {
        const reason = answer.kind === 'refused' ? answer : ({ kind: 'refused', reason: 'no answer' } as const);
        return couldNotRead('controller-rights', `what ${account} may do`, reason);
      }
      return answer.value === false ? ok('controller-rights', good) : fail('controller-rights', bad, fix);
    }),
  );
}

/** Fields of an Application that the bootstrap writes, and the version that introduced them. */
const APPLICATION_FIELDS = [
  { path: ['spec', 'syncPolicy', 'automated', 'enabled'], since: '3.1', loses: 'expired previews are healed forever' },
  { path: ['spec', 'syncPolicy', 'retry', 'refresh'], since: '3.2', loses: 'a failed sync keeps its old commit' },
] as const;

/**
 * Detects the version by fields of the Application definition, not by image tags: private registries may use other tags,
 * and definitions are sometimes not upgraded.
 */
export async function version({ reader }: ClusterContext): Promise<CheckResult[]> {
  const answer = await reader.get('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/applications.argoproj.io');
  if (answer.kind === 'missing') return [];
  if (answer.kind === 'refused') return [couldNotRead('argocd-version', "Argo CD's definitions", answer)];
  const schema = at(answer.value, 'spec', 'versions', 0, 'schema', 'openAPIV3Schema');
  const lost = APPLICATION_FIELDS.filter(
    ({ path }) => at(schema, ...path.flatMap((key) => ['properties', key])) === undefined,
  );
  const worst = lost.at(-1);
  if (worst === undefined) return [ok('argocd-version', 'Argo CD supports every field that the bootstrap sets')];
  return [
    fail(
      'argocd-version',
      `Argo CD's Applications have no ${lost.map(({ path }) => path.join('.')).join(' and no ')}: ${lost.map(({ loses }) => loses).join(', and ')}.`,
      `Upgrade Argo CD to ${worst.since} or newer, its custom resource definitions too.`,
    ),
  ];
}
