import type { Cluster, PlatformSpec } from '../model/platform.ts';

/** A line of the README: how an administrator applies a folder of `bootstrap/install/`, and where. */
export const applyLine = (folder: string, where: string) =>
  `       kubectl apply -f bootstrap/install/${folder}  # ${where}`;

/** @param folders of `bootstrap/install/` that hold something for a cluster, in the order in which they are applied */
export const applyClusters = ({ clusters }: PlatformSpec, folders: (cluster: Cluster) => readonly string[]) =>
  clusters.flatMap((cluster) =>
    folders(cluster).map((folder) => applyLine(`${folder}/${cluster.name}`, `in the cluster ${cluster.name}`)),
  );
