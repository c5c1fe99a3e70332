import { CLEANER_NAMESPACE, PREVIEW_LABEL, WATCH_ACCOUNT, WATCH_SECRET } from '../model/labels.ts';
import { type Cluster, endsByKyverno, type PlatformSpec } from '../model/platform.ts';

/** A line of the README: the command to apply a folder of `bootstrap/install/`, and in which cluster. */
export const applyLine = (folder: string, where: string) =>
  commandLine(`kubectl apply -f bootstrap/install/${folder}`, where);

/**
 * Commands to apply the folders of each cluster, and to create the Secret of the reporter there.
 *
 * @param folders folders of `bootstrap/install/` with objects for a cluster, in the order of applying them
 */
export const applyClusters = ({ clusters, status }: PlatformSpec, folders: (cluster: Cluster) => readonly string[]) =>
  clusters.flatMap((cluster) => {
    const where = `in the cluster ${cluster.name}`;
    const secret = `kubectl create secret generic ${WATCH_SECRET} -n ${WATCH_ACCOUNT} --from-literal=secret="$STATUS_SECRET"`;
    return folders(cluster).flatMap((folder) => [
      applyLine(`${folder}/${cluster.name}`, where),
      ...(folder === 'namespaces' && status.watch && status.image !== undefined ? [commandLine(secret, where)] : []),
    ]);
  });

/** Namespaces of a cluster that are greenroom's alone: of what ends previews, and of the reporter. */
export const ownNamespaces = (platform: PlatformSpec): readonly string[] => [
  ...(endsByKyverno(platform) ? [] : [CLEANER_NAMESPACE]),
  ...(platform.status.watch ? [WATCH_ACCOUNT] : []),
];

/** A line of the README: a command, and where it is run. */
export const commandLine = (command: string, where: string) => `       ${command}  # ${where}`;

/** Lines that wait until no preview is left in any cluster. */
export const untilPreviewsAreGone = ({ clusters }: PlatformSpec) =>
  clusters.map(({ name }) =>
    commandLine(`kubectl wait --for=delete namespace -l ${PREVIEW_LABEL} --timeout=15m`, `in the cluster ${name}`),
  );

/** Lines that take away what an administrator applied to the clusters of previews, once none is left. */
export const removeClusters = (platform: PlatformSpec) =>
  platform.clusters.flatMap(({ name }) => {
    const folders = [
      ...platform.policies.engines.map((engine) => `policies/${engine}`),
      `bootstrap/install/clusters/${name}`,
    ];
    const commands = [
      ...folders.map((folder) => `kubectl delete -f ${folder} --ignore-not-found`),
      ...ownNamespaces(platform).map((namespace) => `kubectl delete namespace ${namespace}`),
    ];
    return commands.map((command) => commandLine(command, `in the cluster ${name}`));
  });
