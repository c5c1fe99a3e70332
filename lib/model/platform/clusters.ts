import { hasLabel } from '../pull-labels.ts';
import { TEMPLATE_NAMES } from '../templates/index.ts';
import type { Contradiction, Settings } from './contradiction.ts';

// Which previews a cluster accepts.

type Clusters = Settings['clusters'];

/** Clusters that never get a preview, and sizes that no cluster accepts. */
export function clusterProblems({ clusters, sizes }: Settings): Contradiction[] {
  const known = Object.keys(sizes);
  if (clusters.every(({ drain }) => drain === true)) {
    return [{ path: ['clusters'], message: 'must contain a cluster that accepts previews: all of them are drained' }];
  }
  return [...unreachable(clusters, known), ...homeless(clusters, known)];
}

function unreachable(clusters: Clusters, known: readonly string[]): Contradiction[] {
  return clusters.flatMap((cluster, i) => {
    const twice = clusters.findIndex(({ name }) => name === cluster.name) !== i;
    if (twice) return [{ path: ['clusters', i, 'name'], message: 'is the name of an earlier cluster' }];
    const unknown = (cluster.when?.sizes ?? []).flatMap((size, j) =>
      known.includes(size)
        ? []
        : [
            {
              path: ['clusters', i, 'when', 'sizes', j],
              message: `is not a size of this platform; found "${size}", there are ${known.join(', ')}`,
            },
          ],
    );
    if (unknown.length > 0 || cluster.drain === true || known.length === 0 || isReached(clusters, i, known))
      return unknown;
    const message =
      'never gets a preview: earlier clusters accept all previews that match it; put it before them, limit them with `when`, or set drain: true';
    return [{ path: ['clusters', i], message }];
  });
}

/** Whether the cluster accepts an app of this size and template with these labels of its pull request. */
export function takes(
  { when, drain }: Pick<Clusters[number], 'when' | 'drain'>,
  { size, template, labels }: { readonly size: string; readonly template: string; readonly labels: readonly string[] },
): boolean {
  if (drain === true) return false;
  if (when === undefined) return true;
  const { sizes, templates, labels: wanted } = when;
  return (
    (sizes === undefined || sizes.includes(size)) &&
    (templates === undefined || templates.some((each) => each === template)) &&
    (wanted === undefined || wanted.some((label) => hasLabel(labels, label)))
  );
}

/**
 * Tries all sizes and templates, each with one of the cluster's labels. More labels would only match more of the other
 * clusters.
 */
function isReached(clusters: Clusters, index: number, sizes: readonly string[]): boolean {
  const own = clusters[index]!.when?.labels?.map((label) => [label]) ?? [[]];
  return sizes.some((size) =>
    TEMPLATE_NAMES.some((template) =>
      own.some((labels) => clusters.findIndex((cluster) => takes(cluster, { size, template, labels })) === index),
    ),
  );
}

/** Sizes that makers can name but that no cluster accepts, whatever the template and labels. */
function homeless(clusters: Clusters, sizes: readonly string[]): Contradiction[] {
  const taken = takenSizes(clusters, sizes);
  return sizes
    .filter((size) => !taken.includes(size))
    .map((size) => ({
      path: ['sizes', size],
      message: 'is accepted by no cluster: name it under `when.sizes` of one',
    }));
}

/**
 * The sizes that some cluster accepts, with some template and the right labels; all sizes if the cluster settings are
 * wrong themselves.
 */
export function takenSizes(clusters: Clusters, sizes: readonly string[]): readonly string[] {
  if (clusters.some(({ when }) => when?.sizes?.some((size) => !sizes.includes(size)))) return sizes;
  const labels = clusters.flatMap(({ when }) => when?.labels ?? []);
  const taken = sizes.filter((size) =>
    TEMPLATE_NAMES.some((template) => clusters.some((cluster) => takes(cluster, { size, template, labels }))),
  );
  return taken.length === 0 ? sizes : taken;
}
