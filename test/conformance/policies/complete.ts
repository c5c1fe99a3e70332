import type { Manifest } from './api-server.ts';

type Data = Record<string, unknown>;
const isRecord = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Fills in what the API server demands before it asks any policy and no rule looks at: selectors, names, the image and
 * the restart policy. What is there stays as it is, wrong types included.
 */
export function complete(object: Manifest, namespace: string): Manifest {
  const metadata = { name: 'x', namespace, ...object.metadata };
  const spec = object['spec'];
  const copy: Data = { ...object, metadata };
  if (isRecord(spec)) copy['spec'] = completeSpec(object, spec);
  return copy as Manifest;
}

function completeSpec({ apiVersion, kind }: Manifest, spec: Data): unknown {
  switch (`${apiVersion} ${kind}`) {
    case 'v1 Pod':
      return podSpec(spec);
    case 'v1 ReplicationController':
      return { selector: { app: 'x' }, ...spec, ...template(spec, {}) };
    case 'apps/v1 Deployment':
    case 'apps/v1 ReplicaSet':
    case 'apps/v1 DaemonSet':
      return { selector: { matchLabels: { app: 'x' } }, ...spec, ...template(spec, {}) };
    case 'apps/v1 StatefulSet':
      return { serviceName: 'x', selector: { matchLabels: { app: 'x' } }, ...spec, ...template(spec, {}) };
    case 'batch/v1 Job':
      return { ...spec, ...template(spec, { restartPolicy: 'Never' }) };
    case 'batch/v1 CronJob': {
      const jobTemplate = isRecord(spec['jobTemplate']) ? spec['jobTemplate'] : {};
      const job = isRecord(jobTemplate['spec']) ? jobTemplate['spec'] : {};
      return {
        schedule: '@daily',
        ...spec,
        jobTemplate: { ...jobTemplate, spec: { ...job, ...template(job, { restartPolicy: 'Never' }) } },
      };
    }
    default:
      return spec;
  }
}

/** A template that its selector selects. */
function template(spec: Data, defaults: Data): Data {
  const given = spec['template'];
  if (given !== undefined && !isRecord(given)) return {};
  const metadata = isRecord(given?.['metadata']) ? given['metadata'] : {};
  const labels = isRecord(metadata['labels']) ? metadata['labels'] : {};
  const inner = given?.['spec'];
  return {
    template: {
      ...given,
      metadata: { ...metadata, labels: { app: 'x', ...labels } },
      spec: inner === undefined || isRecord(inner) ? podSpec({ ...defaults, ...inner }) : inner,
    },
  };
}

function podSpec(spec: Data): Data {
  const copy = { ...spec };
  if (copy['containers'] === undefined || (Array.isArray(copy['containers']) && copy['containers'].length === 0)) {
    return copy;
  }
  for (const list of ['containers', 'initContainers', 'ephemeralContainers']) {
    const containers = copy[list];
    if (Array.isArray(containers)) {
      copy[list] = containers.map((c, i) => (isRecord(c) ? { name: `${list.slice(0, 1)}${i}`, image: 'x', ...c } : c));
    }
  }
  return copy;
}
