import { FENCES_PROJECT, PREVIEWS_PROJECT } from '../../model/labels.ts';
import type { Look } from './look.ts';
import { couldNotLook, fail, names, type Observation, ok } from './observation.ts';
import { at, list, text } from './reader.ts';

const IMPERSONATION = 'application.sync.impersonation.enabled';

/** Without it everything is applied with Argo CD's own rights, and no account of ours holds anything back. */
export async function impersonation({ reader, platform, argocd }: Look): Promise<Observation[]> {
  if (!argocd) return [];
  const { namespace } = platform.argocd;
  const answer = await reader.get(`/api/v1/namespaces/${namespace}/configmaps/argocd-cm`);
  if (answer.kind === 'refused') return [couldNotLook('impersonation', `argocd-cm in ${namespace}`, answer)];
  if (answer.kind === 'found' && text(answer.value, 'data', IMPERSONATION) === 'true') {
    return [ok('impersonation', 'Argo CD applies each preview with an account of its own')];
  }
  return [
    fail(
      'impersonation',
      'Impersonation is off: Argo CD applies what makers write with its own rights.',
      `Set ${IMPERSONATION}: "true" in the ConfigMap argocd-cm of ${namespace}; every other AppProject then needs destinationServiceAccounts too.`,
    ),
  ];
}

/** Settings under which previews are never removed, or all at once. */
export async function generators({ reader, platform, argocd }: Look): Promise<Observation[]> {
  if (!argocd) return [];
  const { namespace } = platform.argocd;
  const [sets, flags] = await Promise.all([
    reader.get(`/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applicationsets`),
    reader.get(`/api/v1/namespaces/${namespace}/configmaps/argocd-cmd-params-cm`),
  ]);
  const found: Observation[] = [];
  if (sets.kind === 'refused') found.push(couldNotLook('generators', 'ApplicationSets', sets));
  if (flags.kind === 'refused') found.push(couldNotLook('generators', 'argocd-cmd-params-cm', flags));
  if (sets.kind === 'found') found.push(...setSettings(list(sets.value, 'items')));
  if (flags.kind === 'found') found.push(...controllerFlags(flags.value));
  return found.length > 0 ? found : [ok('generators', 'no setting keeps closed previews or removes live ones')];
}

function setSettings(sets: readonly unknown[]): Observation[] {
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
        'Let Argo CD sync the Application greenroom, which sets applicationsSync: sync and preserveResourcesOnDeletion: false.',
      ),
    );
  }
  return found;
}

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
export async function applicationSets({ reader, platform, argocd }: Look): Promise<Observation[]> {
  if (!argocd) return [];
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
        'Run greenroom doctor on a checkout of the branch; a preview.json out of shape is the usual cause.',
      ),
    );
  }
  return found.length > 0 ? found : [ok('applicationsets', `${names(wanted, 4)} work`)];
}
