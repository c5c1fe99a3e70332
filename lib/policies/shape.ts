import { CONTAINER_LISTS, formatPath, isRecord, podPath, valueAt } from './paths.ts';

type Shape = 'text' | 'list' | 'map' | 'texts' | 'maps';

const IS: Readonly<Record<Shape, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  list: Array.isArray,
  map: isRecord,
  maps: (value) => Array.isArray(value) && value.every(isRecord),
  texts: (value) => isRecord(value) && Object.values(value).every((v) => typeof v === 'string'),
};

/** What rules take for granted of an object, relative to its root. */
const OBJECT: Readonly<Record<string, Shape>> = {
  metadata: 'map',
  'metadata.annotations': 'texts',
  'metadata.labels': 'texts',
  'metadata.finalizers': 'list',
  spec: 'map',
  'spec.type': 'text',
  'spec.ports': 'maps',
  'spec.externalIPs': 'list',
  'spec.rules': 'maps',
  'spec.tls': 'maps',
  'spec.hostnames': 'list',
  data: 'map',
  stringData: 'map',
};

/** Relative to the pod or pod template. */
const POD: Readonly<Record<string, Shape>> = {
  metadata: 'map',
  'metadata.annotations': 'texts',
  spec: 'map',
  'spec.containers': 'maps',
  'spec.initContainers': 'maps',
  'spec.ephemeralContainers': 'maps',
  'spec.volumes': 'maps',
  'spec.securityContext': 'map',
  'spec.securityContext.sysctls': 'maps',
  'spec.resources': 'map',
};

/** Relative to one container. */
const CONTAINER: Readonly<Record<string, Shape>> = {
  image: 'text',
  env: 'maps',
  args: 'list',
  command: 'list',
  ports: 'maps',
  resources: 'map',
  'resources.limits': 'map',
  'resources.requests': 'map',
  securityContext: 'map',
  'securityContext.capabilities': 'map',
  'securityContext.capabilities.add': 'list',
  'securityContext.capabilities.drop': 'list',
};

/** The first well-known field that is of another type than Kubernetes knows it by; undefined where all are right. */
export function wrongType(object: unknown): string | undefined {
  const pod = podPath(object);
  const spec = [...pod, 'spec'];
  const containers = CONTAINER_LISTS.flatMap((name) => {
    const list = valueAt(object, [...spec, name]);
    return Array.isArray(list) ? list.map((_, i) => [...spec, name, i]) : [];
  });
  for (const [shapes, base] of [
    [OBJECT, []] as const,
    [POD, pod] as const,
    ...containers.map((path) => [CONTAINER, path] as const),
  ]) {
    for (const [field, shape] of Object.entries(shapes)) {
      const path = [...base, ...field.split('.')];
      const value = valueAt(object, path);
      if (value !== undefined && !IS[shape](value)) return formatPath(path);
    }
  }
  return undefined;
}
