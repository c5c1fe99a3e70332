import { couldNotLook, fail, names, type Observation, ok } from '../../cluster/observation.ts';
import { at, list, text } from '../../cluster/reader.ts';
import { appsRepoUrl } from '../../model/platform.ts';
import type { ClusterLook, DoctorPart } from '../reconciler.ts';
import { CONTROLLER_ROLE } from './controller-role.ts';
import { FENCES_PROJECT, PREVIEWS_PROJECT } from './names.ts';

const IMPERSONATION = 'application.sync.impersonation.enabled';

/** What `argocd-cm` has to say, and what happens without it. */
const SETTINGS = [
  {
    check: 'impersonation',
    key: IMPERSONATION,
    value: 'true',
    good: 'Argo CD applies each preview with an account of its own',
    bad: 'Impersonation is off: Argo CD applies what makers write with its own rights.',
    also: '; every other AppProject then needs destinationServiceAccounts too',
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

async function settings({ reader, platform }: ClusterLook): Promise<Observation[]> {
  const { namespace } = platform.argocd;
  const answer = await reader.get(`/api/v1/namespaces/${namespace}/configmaps/argocd-cm`);
  if (answer.kind === 'refused') return [couldNotLook('impersonation', `argocd-cm in ${namespace}`, answer)];
  return SETTINGS.map(({ check, key, value, good, bad, also }) => {
    const found = answer.kind === 'found' ? at(answer.value, 'data', key) : undefined;
    if (found === value) return ok(check, good);
    return fail(check, bad, `Set ${key}: "${value}" in the ConfigMap argocd-cm of ${namespace}${also}.`);
  });
}

/** What Argo CD does without impersonating anybody, it does with these rights: deletion, and the hooks of it. */
async function controllerRights({ reader, platform }: ClusterLook): Promise<Observation[]> {
  const user = `system:serviceaccount:${platform.argocd.namespace}:${CONTROLLER_ROLE}`;
  const deed = { verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings' };
  const answer = await reader.may(user, deed);
  if (answer.kind !== 'found') {
    const reason = answer.kind === 'refused' ? answer : ({ kind: 'refused', reason: 'no answer' } as const);
    return [couldNotLook('controller-rights', "what Argo CD's controller may do", reason)];
  }
  return answer.value === false
    ? [ok('controller-rights', "Argo CD's controller can create nothing by itself")]
    : [
        fail(
          'controller-rights',
          "Argo CD's controller may do everything, and what it does without impersonation is done with that.",
          'An administrator applies bootstrap/install/controller in the cluster of Argo CD.',
        ),
      ];
}

/** Settings under which previews are never removed, or all at once. */
async function generators({ reader, platform }: ClusterLook): Promise<Observation[]> {
  const { namespace } = platform.argocd;
  const [sets, flags] = await Promise.all([
    reader.get(`/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applicationsets`),
    reader.get(`/api/v1/namespaces/${namespace}/configmaps/argocd-cmd-params-cm`),
  ]);
  const found: Observation[] = [];
  if (sets.kind === 'refused') found.push(couldNotLook('generators', 'ApplicationSets', sets));
  if (flags.kind === 'refused') found.push(couldNotLook('generators', 'argocd-cmd-params-cm', flags));
  if (sets.kind === 'found') found.push(...setSettings(list(sets.value, 'items'), namespace));
  if (flags.kind === 'found') found.push(...controllerFlags(flags.value));
  return found.length > 0 ? found : [ok('generators', 'no setting keeps closed previews or removes live ones')];
}

function setSettings(sets: readonly unknown[], namespace: string): Observation[] {
  const found: Observation[] = [];
  const emptied = sets.filter((set) => JSON.stringify(set).includes('"continueOnRepoNotFoundError":true'));
  if (emptied.length > 0) {
    found.push(
      fail(
        'generators',
        `${named(emptied)}: with continueOnRepoNotFoundError a repository that cannot be found for a moment deletes every preview.`,
        'Take the field out.',
      ),
    );
  }
  const ours = sets.filter((set) => isOurs(text(set, 'spec', 'template', 'spec', 'project')));
  const keeps = ours.filter(
    (set) =>
      !['', 'sync', 'create-delete'].includes(text(set, 'spec', 'syncPolicy', 'applicationsSync')) ||
      at(set, 'spec', 'syncPolicy', 'preserveResourcesOnDeletion') === true,
  );
  if (keeps.length > 0) {
    found.push(
      fail(
        'generators',
        `${named(keeps)}: its syncPolicy keeps what it made, so that closed previews never go.`,
        `Run kubectl patch applicationset ${text(keeps[0], 'metadata', 'name')} -n ${namespace} --type=merge -p '${REMOVES}'.`,
      ),
    );
  }
  return found;
}

const REMOVES = JSON.stringify({
  spec: { syncPolicy: { applicationsSync: 'sync', preserveResourcesOnDeletion: null } },
});

const isOurs = (project: string) => project === FENCES_PROJECT || project === PREVIEWS_PROJECT;
const named = (sets: readonly unknown[]) => names(sets.map((set) => text(set, 'metadata', 'name')));

function controllerFlags(flags: unknown): Observation[] {
  const flag = (name: string) => text(flags, 'data', `applicationsetcontroller.${name}`);
  const policy = flag('policy');
  const overridden = flag('enable.policy.override') === 'true';
  if (flag('dryrun') === 'true') {
    return [
      fail(
        'generators',
        'The ApplicationSet controller runs dry: no preview comes or goes.',
        'Take applicationsetcontroller.dryrun out of argocd-cmd-params-cm and restart the controller.',
      ),
    ];
  }
  if (!['create-only', 'create-update'].includes(policy) || overridden) return [];
  return [
    fail(
      'generators',
      `The ApplicationSet controller runs with the policy ${policy}: closed previews never go.`,
      'Set applicationsetcontroller.policy: sync in argocd-cmd-params-cm and restart the controller.',
    ),
  ];
}

/** The ApplicationSets of previews: there, and not stuck. One that meets an error does nothing at all, removals included. */
async function applicationSets({ reader, platform }: ClusterLook): Promise<Observation[]> {
  const { namespace } = platform.argocd;
  const answer = await reader.get(`/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applicationsets`);
  if (answer.kind === 'refused') return [couldNotLook('applicationsets', `ApplicationSets in ${namespace}`, answer)];
  const there = answer.kind === 'found' ? list(answer.value, 'items') : [];
  const byName = new Map(there.map((set) => [text(set, 'metadata', 'name'), set]));
  const wanted = platform.clusters.flatMap(({ name }) => [`${FENCES_PROJECT}-${name}`, `${PREVIEWS_PROJECT}-${name}`]);
  const lacking = wanted.filter((name) => !byName.has(name));
  const found: Observation[] = [];
  if (lacking.length > 0) {
    found.push(
      fail(
        'applicationsets',
        `There is no ApplicationSet ${names(lacking)} in ${namespace}: no preview comes or goes.`,
        `Apply bootstrap/install/argocd and let Argo CD sync the Application greenroom.`,
      ),
    );
  }
  for (const name of wanted) {
    const trouble = list(byName.get(name), 'status', 'conditions').find(
      (c) => text(c, 'type') === 'ErrorOccurred' && text(c, 'status') === 'True',
    );
    if (trouble === undefined) continue;
    found.push(
      fail(
        'applicationsets',
        `ApplicationSet ${name} is stuck and neither makes nor removes previews: ${text(trouble, 'message')}`,
        isOfRepository(text(trouble, 'message'))
          ? `Give Argo CD read access to ${appsRepoUrl(platform)}; argocd repo list says what it sees.`
          : 'Run greenroom doctor on a checkout of the branch; a preview.json out of shape is the usual cause.',
      ),
    );
  }
  return found.length > 0 ? found : [ok('applicationsets', `${names(wanted, 4)} work`)];
}

/** Whether Argo CD could not read the repository, rather than what is in it. */
const isOfRepository = (message: string) =>
  /repository|authentication|ls-remote|fetch|dial tcp|git files/i.test(message);

/** Fields of an Application that the bootstrap writes, and since which version they are understood. */
const APPLICATION_FIELDS = [
  { path: ['spec', 'syncPolicy', 'automated', 'enabled'], since: '3.1', loses: 'expired previews are healed for ever' },
  { path: ['spec', 'syncPolicy', 'retry', 'refresh'], since: '3.2', loses: 'a failed sync keeps its old commit' },
] as const;

/**
 * By the fields that its Applications have, not by the tag of an image: registries of one's own name images freely, and
 * definitions are sometimes left behind at an upgrade.
 */
async function version({ reader }: ClusterLook): Promise<Observation[]> {
  const answer = await reader.get('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/applications.argoproj.io');
  if (answer.kind === 'missing') return [];
  if (answer.kind === 'refused') return [couldNotLook('argocd-version', "Argo CD's definitions", answer)];
  const schema = at(answer.value, 'spec', 'versions', 0, 'schema', 'openAPIV3Schema');
  const lost = APPLICATION_FIELDS.filter(
    ({ path }) => at(schema, ...path.flatMap((key) => ['properties', key])) === undefined,
  );
  const worst = lost.at(-1);
  if (worst === undefined) return [ok('argocd-version', 'Argo CD knows every field that the bootstrap sets')];
  return [
    fail(
      'argocd-version',
      `Argo CD's Applications have no ${lost.map(({ path }) => path.join('.')).join(' and no ')}: ${lost.map(({ loses }) => loses).join(', and ')}.`,
      `Upgrade Argo CD to ${worst.since} or newer, its custom resource definitions too.`,
    ),
  ];
}

export const doctor: DoctorPart = {
  serves: 'all',
  needs: [
    { groupVersion: 'argoproj.io/v1alpha1', kinds: ['Application', 'ApplicationSet', 'AppProject'], by: 'Argo CD' },
  ],
  home: [
    'bootstrap/install/argocd/',
    'bootstrap/install/notifications/',
    'bootstrap/install/root/',
    'bootstrap/argocd/',
  ],
  checks: [version, settings, controllerRights, generators, applicationSets],
  resync:
    'Let Argo CD sync the Applications greenroom and greenroom-<cluster>; they hold what bootstrap/argocd/ and policies/ say.',
};
