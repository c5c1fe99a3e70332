import { emitYaml } from '../core/yaml.ts';
import { loadPreview } from '../model/files.ts';
import { PREVIEW_FILE } from '../model/layout.ts';
import { API_VERSION } from '../model/scalars.ts';
import { type DockerfileFacts, readDockerfile } from './dockerfile/facts.ts';

export interface Guess {
  /** preview.yaml. */
  readonly text: string;
  /** One sentence for each value: what was chosen, and why. */
  readonly notes: readonly string[];
}

/** A value and its origin. With an undefined value the setting is omitted. */
interface Taken<T> {
  readonly value: T;
  readonly notes: readonly string[];
}

/** Writes a preview.yaml for the image of a Dockerfile, with notes on what was guessed. */
export function guessFromDockerfile(dockerfile: string, image: string): Guess {
  const facts = readDockerfile(dockerfile);
  const [template, port, user, health] = [templateOf(facts), portOf(facts), userOf(facts), healthOf(facts)];
  const spec = {
    template: template.value,
    image,
    port: port.value,
    ...(user.value === undefined ? {} : { user: user.value }),
    health: health.value,
  };
  const text = emitYaml({ apiVersion: API_VERSION, kind: 'Preview', spec });
  loadPreview(text, PREVIEW_FILE);
  return { text, notes: [template, port, health, user].flatMap(({ notes }) => notes) };
}

const STATIC = /(^|\/)(nginx|nginx-unprivileged|caddy|httpd)(:|@|$)/;

/** Public images that need root or a capability to start. */
const UNFIT: readonly (readonly [name: RegExp, why: string])[] = [
  [/(^|\/)caddy(:|@|$)/, 'needs a capability that previews take away'],
  [/^((docker\.io\/)?library\/)?(nginx|httpd)(:|@|$)/, 'starts as root, which previews may not'],
];

function templateOf({ base }: DockerfileFacts): Taken<'static-site' | 'web-service'> {
  if (base === null) {
    const note =
      'template: web-service, by default: nothing could be read, since the Dockerfile has no FROM that is known';
    return { value: 'web-service', notes: [note] };
  }
  const value = STATIC.test(base) ? 'static-site' : 'web-service';
  const unfit = UNFIT.find(([name]) => name.test(base))?.[1];
  const advice = `${base} ${unfit}: begin with nginxinc/nginx-unprivileged, which listens on 8080`;
  return {
    value,
    notes: [`template: ${value}, since it begins with ${base}`, ...(unfit === undefined ? [] : [advice])],
  };
}

const DEFAULT_PORT = 8080;
const LOWEST_PORT = 1024;

/** Ports of debuggers, which are often exposed in addition to the app's port. */
const DEBUG_PORTS = [5005, 9229];

function portOf({ exposed, portVariable, commandPort, health }: DockerfileFacts): Taken<number> {
  const candidates: readonly (readonly [port: number | null | undefined, by: string])[] = [
    [health?.port, 'HEALTHCHECK'],
    [commandPort, 'its command'],
    [portVariable, 'ENV PORT'],
    [exposed.find((port) => port >= LOWEST_PORT && !DEBUG_PORTS.includes(port)), 'EXPOSE'],
    [exposed.find((port) => port >= LOWEST_PORT), 'EXPOSE'],
  ];
  for (const [port, by] of candidates) {
    if (port === null || port === undefined || port < LOWEST_PORT) continue;
    const among = by === 'EXPOSE' && exposed.length > 1 ? `, of ${exposed.join(', ')}` : '';
    return { value: port, notes: [`port: ${port}, by ${by}${among}`] };
  }
  const low = [exposed[0], portVariable, commandPort, health?.port].find((port) => port !== undefined && port !== null);
  const why =
    low === undefined
      ? 'the default; the Dockerfile names no port that can be read (EXPOSE, ENV PORT, --port)'
      : `since ${low} is below ${LOWEST_PORT}, where only root may listen`;
  return { value: DEFAULT_PORT, notes: [`port: ${DEFAULT_PORT}, ${why}; the app has to listen on $PORT`] };
}

function healthOf({ health }: DockerfileFacts): Taken<string | { tcp: true }> {
  if (health === null) return { value: '/', notes: ['health: /, since it has no HEALTHCHECK over HTTP'] };
  if (health.path === null)
    return { value: { tcp: true }, notes: ['health: tcp, since its HEALTHCHECK only connects'] };
  return { value: health.path, notes: [`health: ${health.path}, by HEALTHCHECK`] };
}

/** Users in public images, by image name. */
const KNOWN_USERS: readonly (readonly [base: RegExp, user: string, id: number])[] = [
  [/(^|\/)node(:|@|$)/, 'node', 1000],
  [/(^|\/)nginx(-unprivileged)?(:|@|$)/, 'nginx', 101],
  [/distroless|(^|\/)chainguard\//, 'nonroot', 65_532],
  [/^mcr\.microsoft\.com\/dotnet\//, 'app', 1654],
  [/^mcr\.microsoft\.com\/dotnet\//, '$APP_UID', 1654],
  [/./, 'nobody', 65_534],
];

/** Images whose default user is a number other than 0. */
const NON_ROOT = /nginx-unprivileged(:|@|$)|distroless.*[:-]nonroot|^cgr\.dev\/chainguard\/|(^|\/)bitnami\//;

const FALLBACK_USER = 1000;

function userOf({ user, userId, base }: DockerfileFacts): Taken<number | undefined> {
  if (user !== null && /^[1-9]\d*$/.test(user)) return { value: undefined, notes: [] };
  if (user === null && base !== null && NON_ROOT.test(base)) {
    return { value: undefined, notes: [`user: none, since ${base} has its own numeric user`] };
  }
  const own = 'in the Dockerfile does the same';
  if (user === null || user === '0' || user === 'root') {
    const note = `user: ${FALLBACK_USER}, since it would run as root, which previews may not; "USER ${FALLBACK_USER}" ${own}`;
    return { value: FALLBACK_USER, notes: [note] };
  }
  const known = userId ?? KNOWN_USERS.find(([image, name]) => name === user && image.test(base ?? ''))?.[2];
  const value = known === undefined || known === 0 ? FALLBACK_USER : known;
  const which = known === value ? `the number of ${user}` : `since Kubernetes cannot tell whether ${user} is root`;
  return { value, notes: [`user: ${value}, ${which}; "USER ${value}" ${own}`] };
}
