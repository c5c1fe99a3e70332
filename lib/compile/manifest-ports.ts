import { list, podSpecOf } from '../constructs/preview-namespace/pods.ts';
import { at } from '../core/json.ts';
import type { Manifest } from './files.ts';

/**
 * Pod ports that the Services of these manifests target: the ingress controller must reach them. Null if one is
 * unknown, such as a named port of a pod in another file.
 */
export function servicePorts(manifests: readonly Manifest[]): number[] | null {
  const named = new Map(manifests.flatMap(containerPorts));
  const ports = manifests
    .filter(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'Service')
    .flatMap((service) => list(at(service, 'spec', 'ports')))
    .map((port) => {
      const target = at(port, 'targetPort') ?? at(port, 'port');
      return typeof target === 'string' ? named.get(target) : target;
    });
  const numbers = ports.filter(
    (port) => typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536,
  );
  return numbers.length === ports.length ? (numbers as number[]) : null;
}

function containerPorts(manifest: Manifest): [string, number][] {
  const containers = list(at(podSpecOf(manifest).spec, 'containers'));
  return containers
    .flatMap((container) => list(at(container, 'ports')))
    .flatMap((port): [string, number][] => {
      const [name, number] = [at(port, 'name'), at(port, 'containerPort')];
      return typeof name === 'string' && typeof number === 'number' ? [[name, number]] : [];
    });
}
