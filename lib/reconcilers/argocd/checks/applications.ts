import { type CheckResult, couldNotRead, fail, names, ok } from '../../../cluster/check-result.ts';
import { list, text } from '../../../cluster/reader.ts';
import type { ClusterContext } from '../../reconciler.ts';
import { BOOTSTRAP_PROJECT, CLUSTERS_PROJECT, FENCES_PROJECT, PREVIEWS_PROJECT } from '../names.ts';
import { repositoryFix } from './repository-fix.ts';

const OURS = [BOOTSTRAP_PROJECT, CLUSTERS_PROJECT, FENCES_PROJECT, PREVIEWS_PROJECT];

/** With this annotation Argo CD never reconciles an Application. */
const SKIP_RECONCILE = 'argocd.argoproj.io/skip-reconcile';

/**
 * Applications that Argo CD cannot compare with Git, or was told not to reconcile. Refused objects of a preview are reported
 * to its maker, not here.
 */
export async function applications({ reader, platform }: ClusterContext): Promise<CheckResult[]> {
  const { namespace } = platform.argocd;
  const answer = await reader.get(`/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications`);
  if (answer.kind === 'refused') return [couldNotRead('applications', `Applications in ${namespace}`, answer)];
  const all = answer.kind === 'found' ? list(answer.value, 'items') : [];
  const ours = all.filter((each) => OURS.includes(text(each, 'spec', 'project')));
  const skipped = ours.filter((each) => text(each, 'metadata', 'annotations', SKIP_RECONCILE) === 'true');
  const found = [
    ...skipped
      .slice(0, 1)
      .map((each) =>
        fail(
          'applications',
          `Argo CD ignores ${names(skipped.map(nameOf))} because of the annotation ${SKIP_RECONCILE}.`,
          `Run kubectl annotate application ${nameOf(each)} -n ${namespace} ${SKIP_RECONCILE}-.`,
        ),
      ),
    ...broken(ours, platform),
  ];
  return found.length > 0 ? found : [ok('applications', `Argo CD compares ${ours.length} Applications with Git`)];
}

const nameOf = (object: unknown) => text(object, 'metadata', 'name');

/** One result per cause: a problem with one preview's folder often affects all of them. */
function broken(ours: readonly unknown[], platform: ClusterContext['platform']): CheckResult[] {
  const causes = new Map<string, string[]>();
  for (const each of ours) {
    const trouble = list(each, 'status', 'conditions').find((c) =>
      /^(Comparison|InvalidSpec|Unknown)Error$/.test(text(c, 'type')),
    );
    const cause = text(trouble, 'message').replaceAll(nameOf(each), 'NAME');
    if (trouble !== undefined) causes.set(cause, [...(causes.get(cause) ?? []), nameOf(each)]);
  }
  return [...causes].map(([cause, apps]) =>
    fail(
      'applications',
      `Argo CD cannot compare ${names(apps)} with Git: ${cause.replaceAll('NAME', apps[0]!)}`,
      repositoryFix(cause, platform) ??
        `Look at it with kubectl describe application ${apps[0]} -n ${platform.argocd.namespace}.`,
    ),
  );
}
