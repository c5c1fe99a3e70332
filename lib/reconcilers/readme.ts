import type { PlatformSpec } from '../model/platform.ts';

/** A line of the README: how an administrator applies a folder of `bootstrap/install/`, and where. */
export const applyLine = (folder: string, where: string) =>
  `       kubectl apply -f bootstrap/install/${folder}  # ${where}`;

export const applyClusters = ({ clusters }: PlatformSpec) =>
  clusters.map(({ name }) => applyLine(`clusters/${name}`, `in the cluster ${name}`));
