import { type Instruction, instructionsOf } from './instructions.ts';
import { assignments, filled, type Variables } from './variables.ts';

/** Facts of a Dockerfile about the program in its image. */
export interface DockerfileFacts {
  /** TCP ports of EXPOSE, in order; for a range only the first. */
  readonly exposed: readonly number[];
  /** The port that CMD or ENTRYPOINT names. */
  readonly commandPort: number | null;
  /** The port of `ENV PORT`. */
  readonly portVariable: number | null;
  /** The user as written: a number or a name. */
  readonly user: string | null;
  /** The number that a RUN assigns to {@link user}, if that is a name. */
  readonly userId: number | null;
  /** The request of its HEALTHCHECK to the container itself. */
  readonly health: HealthCheck | null;
  /** Base image of the last stage. */
  readonly base: string | null;
}

export interface HealthCheck {
  /** Null if it only opens a connection. */
  readonly path: string | null;
  readonly port: number | null;
}

const MAX_BYTES = 256 * 1024;

/** Settings that an image inherits from the image it is built from. */
interface Config {
  base: string | null;
  env: Map<string, string>;
  exposed: string[];
  user: string | null;
  health: string | null;
  /** ENTRYPOINT and CMD. */
  start: { entrypoint: string; command: string };
  /** Commands of RUN. */
  runs: string[];
}

/** Reads the last stage of a Dockerfile, with what it inherits from earlier stages. Executes nothing. */
export function readDockerfile(text: string): DockerfileFacts {
  const instructions = Buffer.byteLength(text) > MAX_BYTES ? [] : instructionsOf(text);
  const last = lastStage(instructions);
  const portVariable = portOf(last.env.get('PORT') ?? '');
  return {
    exposed: last.exposed.flatMap((each) => exposedPort(each)),
    portVariable,
    commandPort: portInCommand(`${last.start.entrypoint} ${last.start.command}`),
    user: last.user,
    userId: last.user === null ? null : userIdIn(last.runs, last.user),
    health: last.health === null ? null : healthOf(last.health),
    base: last.base,
  };
}

function lastStage(instructions: readonly Instruction[]): Config {
  const globals = new Map<string, string>();
  const stages = new Map<string, Config>();
  let config = emptyConfig(null);
  let args = new Map<string, string>();
  let isInStage = false;
  for (const { name, rest } of instructions) {
    if (name === 'FROM') {
      const { image, stage } = fromOf(rest, globals);
      const earlier = image === null ? undefined : stages.get(image.toLowerCase());
      config = earlier === undefined ? emptyConfig(image) : { ...earlier, env: new Map(earlier.env) };
      if (stage !== undefined) stages.set(stage.toLowerCase(), config);
      args = new Map();
      isInStage = true;
    } else if (name === 'ARG') {
      for (const [key, value] of assignments(rest)) {
        const known = value === null ? (isInStage ? globals.get(key) : undefined) : filled(value, args);
        if (known !== undefined && known !== null) (isInStage ? args : globals).set(key, known);
      }
    } else if (isInStage) apply(config, { name, rest }, args);
  }
  return config;
}

function emptyConfig(base: string | null): Config {
  return {
    base,
    env: new Map(),
    exposed: [],
    user: null,
    health: null,
    start: { entrypoint: '', command: '' },
    runs: [],
  };
}

function fromOf(rest: string, globals: Variables): { image: string | null; stage: string | undefined } {
  const [image = '', as, stage] = rest.replace(/^(--\S+\s+)+/, '').split(/\s+/);
  return { image: filled(image, globals) || null, stage: as?.toUpperCase() === 'AS' ? stage : undefined };
}

/** Variables of ENV override those of ARG, as in a build. */
function apply(config: Config, { name, rest }: Instruction, args: Variables): void {
  const variables = new Map([...args, ...config.env]);
  switch (name) {
    case 'ENV':
      for (const [key, value] of assignments(rest)) {
        const known = filled(value ?? '', variables);
        if (known !== null) config.env.set(key, known);
      }
      break;
    case 'EXPOSE':
      config.exposed = [...config.exposed, ...rest.split(/\s+/).map((word) => filled(word, variables) ?? '')];
      break;
    case 'USER':
      config.user = (filled(rest, variables) ?? rest).replace(/["']/g, '').split(':')[0]!.trim() || null;
      break;
    case 'HEALTHCHECK':
      config.health = /^NONE\b/i.test(rest) ? null : (filled(rest, variables) ?? rest);
      break;
    // The shell of the container fills in variables here.
    case 'ENTRYPOINT':
      config.start = { entrypoint: filled(rest, variables) ?? rest, command: '' };
      break;
    case 'CMD':
      config.start = { ...config.start, command: filled(rest, variables) ?? rest };
      break;
    case 'RUN':
      config.runs = [...config.runs, rest];
      break;
  }
}

function portOf(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

function exposedPort(text: string): number[] {
  const [, first = ''] = /^["']?(\d{1,5})(?:-\d{1,5})?(?:\/tcp)?["']?$/i.exec(text) ?? [];
  const port = portOf(first);
  return port === null ? [] : [port];
}

/** Reads `--port 3000`, `--server.port=3000`, `-p 3000`, `--bind 0.0.0.0:3000`, `-b :3000`, in both forms of a command. */
function portInCommand(command: string): number | null {
  const words = command.replace(/["'[\],\s]+/g, ' ');
  const [, port = ''] =
    /\s(?:--?[\w.-]*port|-p)[\s=](\d{2,5})(?=\s|$)/i.exec(words) ??
    /\s(?:--?[\w.-]*(?:bind|listen|addr|address|http)|-b|-l)[\s=][\w.-]*:(\d{2,5})(?=\s|$)/i.exec(words) ??
    [];
  return portOf(port);
}

/** Reads `useradd -u 1001 app`, `adduser --uid=1001 app`, `adduser -D -u 1001 app`. */
function userIdIn(runs: readonly string[], name: string): number | null {
  const calls = runs.flatMap((run) => run.split(/&&|;|\|\|/)).filter((call) => /\b(useradd|adduser)\b/.test(call));
  const own = calls.find((call) => call.trim().split(/\s+/).includes(name));
  const [, id] = /\s(?:-u|--uid)[\s=]?(\d{1,9})\b/.exec(own ?? '') ?? [];
  return id === undefined ? null : Number(id);
}

const HERE = String.raw`(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]|\$\{?HOSTNAME\}?)`;
const URL_HERE = new RegExp(String.raw`(?:\bhttps?://|[\s"'=])${HERE}(?::([^\s/"'\\|)]+))?(/[A-Za-z0-9._~/-]*)?`, 'i');

/** Reads a check of an address of the container itself; other addresses say nothing about the app. */
function healthOf(command: string): HealthCheck | null {
  const connects = /\b(?:nc|ncat|netcat)\b[^|&]*\s-\w*z\w*[^|&]*?\s(\d{1,5})\b/.exec(command);
  if (connects !== null) return { path: null, port: portOf(connects[1]!) };
  if (!/\b(curl|wget|fetch|http)/i.test(command)) return null;
  const found = URL_HERE.exec(command);
  return found === null ? null : { path: found[2] ?? '/', port: portOf(found[1] ?? '') };
}
