import { type CheckResult, couldNotRead, fail, names, ok } from '../../../cluster/check-result.ts';
import { list, text } from '../../../cluster/reader.ts';
import { at } from '../../../core/json.ts';
import type { ClusterContext } from '../../reconciler.ts';

/** If one of these does not run, nothing is applied, rendered or generated. */
const PARTS = ['application-controller', 'applicationset-controller', 'repo-server'];

/**
 * Whether Argo CD runs. Installations may use other names, so a part that is not found is ignored; a part without a ready pod
 * is reported.
 */
export async function controllers({ reader, platform }: ClusterContext): Promise<CheckResult[]> {
  const { namespace } = platform.argocd;
  const lists = ['deployments', 'statefulsets'].map((kind) => `/apis/apps/v1/namespaces/${namespace}/${kind}`);
  const answers = await Promise.all(lists.map((path) => reader.get(path)));
  const refused = answers.find((answer) => answer.kind === 'refused');
  if (refused?.kind === 'refused') return [couldNotRead('argocd', `what runs in ${namespace}`, refused)];
  const parts = answers
    .flatMap((answer) => (answer.kind === 'found' ? list(answer.value, 'items') : []))
    .filter((object) => PARTS.some((part) => labelOf(object).endsWith(part)));
  const down = parts.filter((object) => !(Number(at(object, 'status', 'readyReplicas') ?? 0) > 0));
  if (down.length > 0) {
    const named = names(down.map((object) => text(object, 'metadata', 'name')));
    const message = `${named} in ${namespace} has no pod that is ready: previews are neither created nor removed.`;
    return [fail('argocd', message, `Look at it with kubectl get pods -n ${namespace}.`)];
  }
  return parts.length === 0 ? [] : [ok('argocd', `${parts.length} parts of Argo CD run`)];
}

const labelOf = (object: unknown) => text(object, 'metadata', 'labels', 'app.kubernetes.io/name');
