import { type CheckResult, couldNotRead, fail, names, ok } from '../../../cluster/check-result.ts';
import { list, text } from '../../../cluster/reader.ts';
import { at } from '../../../core/json.ts';
import type { ClusterContext } from '../../reconciler.ts';
import { FENCES_PROJECT, PREVIEWS_PROJECT } from '../names.ts';
import { repositoryFix } from './repository-fix.ts';

/** Settings with which previews are never removed, or all at once. */
export async function generators({ reader, platform }: ClusterContext): Promise<CheckResult[]> {
  const { namespace } = platform.argocd;
  const [sets, flags] = await Promise.all([
    reader.get(`/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applicationsets`),
    reader.get(`/api/v1/namespaces/${namespace}/configmaps/argocd-cmd-params-cm`),
  ]);
  const found: CheckResult[] = [];
  if (sets.kind === 'refused') found.push(couldNotRead('generators', 'ApplicationSets', sets));
  if (flags.kind === 'refused') found.push(couldNotRead('generators', 'argocd-cmd-params-cm', flags));
  if (sets.kind === 'found') found.push(...setSettings(list(sets.value, 'items'), namespace));
  if (flags.kind === 'found') found.push(...controllerFlags(flags.value));
  return found.length > 0 ? found : [ok('generators', 'no setting keeps closed previews or removes live ones')];
}

function setSettings(sets: readonly unknown[], namespace: string): CheckResult[] {
  const found: CheckResult[] = [];
  const emptied = sets.filter((set) => JSON.stringify(set).includes('"continueOnRepoNotFoundError":true'));
  if (emptied.length > 0) {
    found.push(
      fail(
        'generators',
        `${named(emptied)}: with continueOnRepoNotFoundError all previews are deleted if a repository cannot be found for a moment.`,
        'Remove the field.',
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
        `${named(keeps)}: its syncPolicy keeps Applications, so closed previews are never removed.`,
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

function controllerFlags(flags: unknown): CheckResult[] {
  const flag = (name: string) => text(flags, 'data', `applicationsetcontroller.${name}`);
  const policy = flag('policy');
  const overridden = flag('enable.policy.override') === 'true';
  if (flag('dryrun') === 'true') {
    return [
      fail(
        'generators',
        'The ApplicationSet controller is in dry-run mode: no preview is created or removed.',
        'Remove applicationsetcontroller.dryrun from argocd-cmd-params-cm and restart the controller.',
      ),
    ];
  }
  if (!['create-only', 'create-update'].includes(policy) || overridden) return [];
  return [
    fail(
      'generators',
      `The ApplicationSet controller runs with the policy ${policy}: closed previews are never removed.`,
      'Set applicationsetcontroller.policy: sync in argocd-cmd-params-cm and restart the controller.',
    ),
  ];
}

/** The ApplicationSets of previews must exist and have no error: with an error they do nothing at all, not even removals. */
export async function applicationSets({ reader, platform }: ClusterContext): Promise<CheckResult[]> {
  const { namespace } = platform.argocd;
  const answer = await reader.get(`/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applicationsets`);
  if (answer.kind === 'refused') return [couldNotRead('applicationsets', `ApplicationSets in ${namespace}`, answer)];
  const there = answer.kind === 'found' ? list(answer.value, 'items') : [];
  const byName = new Map(there.map((set) => [text(set, 'metadata', 'name'), set]));
  const wanted = platform.clusters.flatMap(({ name }) => [`${FENCES_PROJECT}-${name}`, `${PREVIEWS_PROJECT}-${name}`]);
  const lacking = wanted.filter((name) => !byName.has(name));
  const isWanted = (set: unknown) => wanted.includes(text(set, 'metadata', 'name'));
  const found: CheckResult[] = [];
  if (lacking.length > 0) {
    found.push(
      fail(
        'applicationsets',
        `There is no ApplicationSet ${names(lacking)} in ${namespace}: no preview is created or removed.`,
        `Apply bootstrap/install/argocd and let Argo CD sync the Application greenroom.`,
      ),
    );
  }
  const foreign = there.filter((set) => isOurs(text(set, 'spec', 'template', 'spec', 'project')) && !isWanted(set));
  if (foreign.length > 0) {
    found.push(
      fail(
        'applicationsets',
        `ApplicationSet ${named(foreign)} makes Applications in greenroom's projects and is not greenroom's.`,
        `Run kubectl delete applicationset ${text(foreign[0], 'metadata', 'name')} -n ${namespace} --cascade=orphan if nobody knows its purpose.`,
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
        `ApplicationSet ${name} is stuck and neither creates nor removes previews: ${text(trouble, 'message')}`,
        repositoryFix(text(trouble, 'message'), platform) ??
          'Run greenroom doctor on a checkout of the branch; a malformed preview.json is the usual cause.',
      ),
    );
  }
  return found.length > 0 ? found : [ok('applicationsets', `${names(wanted, 4)} work`)];
}
