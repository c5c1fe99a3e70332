import { WATCH_ACCOUNT, WATCH_SECRET } from '../model/labels.ts';
import type { Cluster, PlatformSpec } from '../model/platform.ts';

/** A line of the README: how an administrator applies a folder of `bootstrap/install/`, and where. */
export const applyLine = (folder: string, where: string) =>
  `       kubectl apply -f bootstrap/install/${folder}  # ${where}`;

/**
 * Applies what each cluster needs; what runs the reporter there is told what `serve` knows the cluster by.
 *
 * @param folders of `bootstrap/install/` that hold something for a cluster, in the order in which they are applied
 */
export const applyClusters = ({ clusters, status }: PlatformSpec, folders: (cluster: Cluster) => readonly string[]) =>
  clusters.flatMap((cluster) => {
    const where = `in the cluster ${cluster.name}`;
    const secret = `       kubectl create secret generic ${WATCH_SECRET} -n ${WATCH_ACCOUNT} --from-literal=secret="$STATUS_SECRET"  # ${where}`;
    return folders(cluster).flatMap((folder) => [
      applyLine(`${folder}/${cluster.name}`, where),
      ...(folder === 'namespaces' && status.watch && status.image !== undefined ? [secret] : []),
    ]);
  });
