import { invalidInput } from '../core/errors.ts';
import { isRecord } from '../core/json.ts';
import { type AppDraft, Draft, type Imported, type ImportOptions, literal, serviceType } from './draft.ts';
import { readYaml } from './read.ts';

/**
 * Creates a preview.yaml from a Score file: its container becomes the app, databases become resources, a route its path.
 *
 * @throws GreenroomError `invalid-input` if it is not a Score file
 * @see https://docs.score.dev/docs/score-specification/score-spec-reference/
 */
export function importScore(text: string, file: string, options: ImportOptions): Imported {
  const root = readYaml(text, file);
  const containers = isRecord(root) && isRecord(root['containers']) ? Object.entries(root['containers']) : [];
  if (!isRecord(root) || typeof root['apiVersion'] !== 'string' || !root['apiVersion'].startsWith('score.dev/')) {
    throw invalidInput([{ file, field: 'apiVersion', message: 'must be score.dev/v1b1: this is not a Score file' }]);
  }
  const [first, ...others] = containers.filter((entry): entry is [string, Record<string, unknown>] =>
    isRecord(entry[1]),
  );
  if (first === undefined) throw invalidInput([{ file, field: 'containers', message: 'must have a container' }]);
  const draft = new Draft(options);
  for (const [name] of others)
    draft.note(`the container ${name}`, 'an app has one container; give it an app of its own');
  const metadata = isRecord(root['metadata']) ? root['metadata'] : {};
  const name = String(metadata['name'] ?? first[0]);
  const resources = isRecord(root['resources']) ? root['resources'] : {};
  const path = takeResources(draft, resources);
  const port = servicePort(draft, name, root['service']);
  return draft.finish(appOf(draft, name, first[1], { port, path, resources }));
}

/** Imports resources, and returns the path of the route, if there is one. */
function takeResources(draft: Draft, resources: Record<string, unknown>): string | undefined {
  let path: string | undefined;
  for (const [name, resource] of Object.entries(resources)) {
    const type = isRecord(resource) ? String(resource['type']) : '';
    const known = serviceType(type);
    if (known !== undefined) draft.resource(name, known);
    else if (type === 'route' && isRecord(resource) && isRecord(resource['params'])) {
      const wanted = resource['params']['path'];
      if (typeof wanted === 'string' && wanted !== '/') path = wanted;
    } else if (type !== 'dns' && type !== 'route')
      draft.note(`the resource ${name} (${type})`, 'previews have no such resource');
  }
  return path;
}

function servicePort(draft: Draft, app: string, service: unknown): number | null | undefined {
  const ports = isRecord(service) && isRecord(service['ports']) ? Object.values(service['ports']) : [];
  const [first] = ports;
  if (!isRecord(first)) return null;
  if (ports.length > 1) draft.note(`${app}, ports after the first`, 'an app has one port');
  return draft.port(app, first['targetPort'] ?? first['port']);
}

interface Surroundings {
  /** Null if it listens on no port; undefined for the default port. */
  readonly port: number | null | undefined;
  readonly path: string | undefined;
  readonly resources: Record<string, unknown>;
}

const TAKEN = new Set(['image', 'command', 'args', 'variables', 'livenessProbe', 'readinessProbe']);

function appOf(draft: Draft, name: string, container: Record<string, unknown>, around: Surroundings): AppDraft {
  const { port, path } = around;
  for (const key of Object.keys(container)) {
    if (TAKEN.has(key)) continue;
    draft.note(
      `${name}, ${key}`,
      key === 'resources' ? 'choose a `size`' : 'a preview mounts no files; build them into the image',
    );
  }
  const env: Record<string, string> = {};
  const variables = isRecord(container['variables']) ? container['variables'] : {};
  for (const [variable, value] of Object.entries(variables)) takeVariable(draft, name, env, [variable, value], around);
  const health = probePath(container['readinessProbe']) ?? probePath(container['livenessProbe']);
  const list = (key: string) =>
    Array.isArray(container[key]) ? container[key].map((word) => literal(String(word))) : [];
  const [command, args] = [list('command'), list('args')];
  return {
    template: port === null ? 'worker' : 'web-service',
    image: draft.image(name, container['image']),
    ...(typeof port === 'number' && { port }),
    ...(path !== undefined && port !== null && { path }),
    ...(health !== undefined && port !== null && { health }),
    ...(command.length > 0 && { command }),
    ...(args.length > 0 && { args }),
    ...(Object.keys(env).length > 0 && { env }),
  };
}

/** `${resources.db.host}` is set in the environment already; the host of a `dns` resource is the preview's. */
function takeVariable(
  draft: Draft,
  app: string,
  env: Record<string, string>,
  [name, value]: [string, unknown],
  { port, resources }: Surroundings,
): void {
  const text = String(value);
  const hosts = text.replace(/\$\{resources\.([^.}]+)\.host\}/g, (whole, resource: string) => {
    const found = resources[resource];
    return isRecord(found) && found['type'] === 'dns' ? '\0' : whole;
  });
  if (/\$\{/.test(hosts)) {
    const [, resource = '', output = ''] = /\$\{resources\.([^.}]+)\.([^}]+)\}/.exec(hosts) ?? [];
    const usual = `${(draft.backing.get(resource) ?? resource).replaceAll('-', '_')}_${output}`.toUpperCase();
    if (name === usual) return;
    const why = resource === '' ? 'Score fills it in; set it under env' : `read ${usual}, which is set`;
    draft.note(`${app}, the variable ${name}`, why);
    return;
  }
  if (port === null && hosts.includes('\0')) {
    draft.note(`${app}, the variable ${name}`, 'nothing of it is reached from outside, since it has no service');
    return;
  }
  draft.variable(app, env, name, hosts);
  if (Object.hasOwn(env, name)) env[name] = env[name]!.replaceAll('\0', '${host}');
}

function probePath(probe: unknown): string | undefined {
  const http = isRecord(probe) ? probe['httpGet'] : undefined;
  const path = isRecord(http) ? http['path'] : undefined;
  return typeof path === 'string' && /^\/[A-Za-z0-9._~/-]*$/.test(path) ? path : undefined;
}
