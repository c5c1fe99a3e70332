import { type CheckResult, couldNotRead, fail, names, ok, warn } from '../../cluster/check-result.ts';
import { list, text } from '../../cluster/reader.ts';
import { at } from '../../core/json.ts';
import { type ServiceClass, serviceClasses } from '../../model/platform/service-class.ts';
import type { DoctorContext } from './context.ts';
import { clusterNetworks, uncovered } from './networks.ts';

/** Checks what operators of `services` need of the cluster: a way to the API server, and disks that go with the preview. */
export async function operators(context: DoctorContext): Promise<CheckResult[]> {
  const classes = serviceClasses(context.platform.services);
  if (!context.previews || classes.length === 0) return [];
  return [...(await apiServer(context, classes)), ...(await reclaimed(context, classes))];
}

type Classes = readonly (readonly [type: string, chosen: ServiceClass])[];

/** Pods that cannot reach the API server wait, and only their own logs say so. */
async function apiServer({ reader, platform }: DoctorContext, classes: Classes): Promise<CheckResult[]> {
  const callers = classes.filter(([, { callsApi }]) => callsApi).map(([type]) => type);
  if (callers.length === 0) return [];
  const { networks } = await clusterNetworks(reader);
  const opened = platform.network.apiServer.map(({ cidr }) => cidr);
  const closed = uncovered(
    networks.filter(({ what }) => what === 'the API server'),
    opened,
  ).map(({ cidr }) => cidr);
  if (closed.length === 0) return [ok('operators/api-server', 'network.apiServer covers the API server')];
  const message = `network.apiServer does not cover ${names(closed)} of the API server: pods of ${names(callers)} may not reach it.`;
  return [warn('operators/api-server', message, `Add ${names(closed)} to it and run greenroom upgrade.`)];
}

/** The StorageClass of claims that name none. */
async function reclaimed({ reader }: DoctorContext, classes: Classes): Promise<CheckResult[]> {
  const claiming = classes.filter(([, { storage }]) => storage !== null).map(([type]) => type);
  if (claiming.length === 0) return [];
  const check = 'operators/storage';
  const answer = await reader.get('/apis/storage.k8s.io/v1/storageclasses');
  if (answer.kind === 'refused') return [couldNotRead(check, 'storage classes', answer)];
  const all = answer.kind === 'missing' ? [] : list(answer.value, 'items');
  const standard = all.find(
    (each) => at(each, 'metadata', 'annotations', 'storageclass.kubernetes.io/is-default-class') === 'true',
  );
  if (standard === undefined) {
    const message = `The cluster has no default StorageClass: disks of ${names(claiming)} need one that spec names.`;
    return [warn(check, message, 'Name it in spec of the class, or make one the default.')];
  }
  const name = text(standard, 'metadata', 'name');
  if (text(standard, 'reclaimPolicy') !== 'Retain') {
    return [ok(check, `disks of the StorageClass ${name} go with their claims`)];
  }
  const message = `The default StorageClass ${name} retains disks: those of ${names(claiming)} remain, and cost, after their preview.`;
  return [fail(check, message, 'Name a StorageClass with reclaimPolicy Delete in spec of the class.')];
}
