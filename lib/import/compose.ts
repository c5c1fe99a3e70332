import { invalidInput } from '../core/errors.ts';
import { isRecord } from '../core/json.ts';
import { writableProblem } from '../model/preview/writable.ts';
import {
  type AppDraft,
  commandWords,
  Draft,
  type Imported,
  type ImportOptions,
  literal,
  serviceType,
} from './draft.ts';
import { readYaml } from './read.ts';

/** Settings that do not matter for a preview. */
const IGNORED = new Set([
  'container_name',
  'depends_on',
  'hostname',
  'init',
  'labels',
  'logging',
  'networks',
  'profiles',
  'pull_policy',
  'restart',
  'stdin_open',
  'stop_grace_period',
  'tty',
  'working_dir',
]);
const TAKEN = new Set(['image', 'build', 'ports', 'expose', 'environment', 'command', 'entrypoint', 'user', 'tmpfs']);

const WHY: Readonly<Record<string, string>> = {
  volumes: 'a preview keeps no data; list folders that are written to under `writable`',
  env_file: 'its variables are not read; add them under env or secrets',
  healthcheck: 'name a path under `health`',
  deploy: 'choose a `size`',
  secrets: 'name them under `secrets`, as references into the secret store',
  configs: 'build them into the image, or set them under env',
  privileged: 'previews run without privileges',
  cap_add: 'previews run without capabilities',
  network_mode: 'previews never use the network of their host',
};

const isList = (value: unknown) => Array.isArray(value) || value === null;
const isText = (value: unknown) => typeof value === 'string' || value === null;
/** The forms of settings that are supported. */
const SHAPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  image: isText,
  ports: isList,
  expose: isList,
  environment: (value) => isList(value) || isRecord(value),
  command: (value) => isList(value) || isText(value),
  entrypoint: (value) => isList(value) || isText(value),
  tmpfs: (value) => isList(value) || isText(value),
};

/**
 * Creates a preview.yaml from a compose file. Services with the image of a known database become resources, the others
 * apps. The first app that publishes a port is the main one.
 *
 * @throws GreenroomError `invalid-input` if it is not a compose file
 * @see https://github.com/compose-spec/compose-spec/blob/main/05-services.md
 */
export function importCompose(text: string, file: string, options: ImportOptions): Imported {
  const root = readYaml(text, file);
  if (!isRecord(root) || !isRecord(root['services']) || Object.keys(root['services']).length === 0) {
    throw invalidInput([{ file, field: 'services', message: 'is required: this is not a compose file' }]);
  }
  const draft = new Draft(options);
  const services = Object.entries(root['services']).flatMap(([name, service]): [string, Record<string, unknown>][] => {
    if (isRecord(service)) return [[name, service]];
    draft.note(name, 'it has no settings');
    return [];
  });
  const apps = services.filter(([name, service]) => !takenAsResource(draft, name, service));
  const main = apps.find(([, { ports }]) => Array.isArray(ports) && ports.length > 0) ?? apps[0];
  if (main === undefined)
    throw invalidInput([{ file, field: 'services', message: 'has only databases; a preview needs an app' }]);
  const first = appOf(draft, ...main);
  for (const [name, service] of apps) if (name !== main[0]) draft.app(name, appOf(draft, name, service));
  return draft.finish(first);
}

function takenAsResource(draft: Draft, name: string, { image }: Record<string, unknown>): boolean {
  const type = typeof image === 'string' ? serviceType(image) : undefined;
  if (type === undefined) return false;
  draft.note(`${name}, ${String(image)}`, `runs as the platform's ${type}, empty at each start, without a password`);
  draft.resource(name, type);
  return true;
}

function appOf(draft: Draft, name: string, service: Record<string, unknown>): AppDraft {
  for (const key of Object.keys(service)) {
    if (!TAKEN.has(key) && !IGNORED.has(key))
      draft.note(`${name}, ${key}`, WHY[key] ?? 'a preview has no such setting');
    else if (SHAPES[key]?.(service[key]) === false) draft.note(`${name}, ${key}`, 'this form is not supported');
  }
  const { ports, expose } = service;
  const published = Array.isArray(ports) ? ports : Array.isArray(expose) ? expose : [];
  if (published.length > 1) draft.note(`${name}, ports after the first`, 'an app has one port');
  const isServer = published.length > 0;
  const port = isServer ? draft.port(name, containerPort(published[0])) : undefined;
  const env = environment(draft, name, service['environment']);
  const user = /^\d+/.exec(String(service['user'] ?? ''))?.[0];
  if (service['user'] !== undefined && (user === undefined || user === '0')) {
    draft.note(`${name}, the user ${String(service['user'])}`, 'a preview runs as a number other than 0; set `user`');
  }
  const command = words(service['entrypoint']);
  const args = words(service['command']);
  const tmpfs = [service['tmpfs'] ?? []].flat().map((path) => String(path).split(':')[0]!);
  const writable = [...new Set(tmpfs)].filter((path) => {
    if (path === '/tmp' || path.startsWith('/tmp/')) return false;
    const problem = /^(\/[A-Za-z0-9_~.-]*[A-Za-z0-9_~-][A-Za-z0-9_~.-]*)+\/?$/.test(path)
      ? writableProblem(path.replace(/\/$/, ''), [...(command ?? []), ...(args ?? [])])
      : 'is not an absolute path of plain segments';
    if (problem !== undefined) draft.note(`${name}, tmpfs ${path}`, problem);
    return problem === undefined;
  });
  return {
    template: isServer ? 'web-service' : 'worker',
    image: draft.image(name, service['image']),
    ...(port !== undefined && { port }),
    ...(command && { command }),
    ...(args && { args }),
    ...(user !== undefined && user !== '0' && { user: Number(user) }),
    ...(writable.length > 0 && { writable }),
    ...(Object.keys(env).length > 0 && { env }),
  };
}

/** `8080:80/tcp`, `127.0.0.1:3000:3000`, or the long form. */
function containerPort(published: unknown): unknown {
  if (isRecord(published)) return published['target'];
  return String(published).split('/')[0]!.split(':').at(-1)!.split('-')[0];
}

function words(value: unknown): string[] | undefined {
  if (typeof value === 'string' && value.trim() !== '') return commandWords(value.replaceAll('$$', '$'));
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.map((word) => literal(String(word).replaceAll('$$', '$')));
}

function environment(draft: Draft, app: string, value: unknown): Record<string, string> {
  const pairs: [string, unknown][] = Array.isArray(value)
    ? value.map((line) => {
        const [name = '', ...rest] = String(line).split('=');
        return [name, rest.length === 0 ? undefined : rest.join('=')];
      })
    : Object.entries(isRecord(value) ? value : {});
  const env: Record<string, string> = {};
  for (const [name, content] of pairs) {
    const text = typeof content === 'string' ? content.replaceAll('$$', '\0') : content;
    const [service, resource] =
      [...draft.backing].find(([each]) => new RegExp(`(^|@|//)${escaped(each)}(:|/|$)`).test(String(text ?? ''))) ?? [];
    if (resource !== undefined) {
      const prefix = resource.replaceAll('-', '_').toUpperCase();
      draft.note(
        `${app}, the variable ${name}`,
        `refers to ${service}; read ${prefix}_URL, ${prefix}_HOST or the usual DATABASE_URL, REDIS_URL`,
      );
    } else if (typeof text === 'string' && /\$(\{|[A-Za-z_])/.test(text)) {
      draft.note(
        `${app}, the variable ${name}`,
        'its value is from the environment of compose; set it under env or secrets',
      );
    } else draft.variable(app, env, name, typeof text === 'string' ? text.replaceAll('\0', '$') : text);
  }
  return env;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
