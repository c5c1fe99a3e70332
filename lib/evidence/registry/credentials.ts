import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { type Clock, systemClock } from '../../core/clock.ts';
import { HUB, type ImageRepository } from './address.ts';
import { RegistryFailure } from './failure.ts';
import type { RunHelper } from './helper.ts';
import { basicLogin, type Login } from './login.ts';

/**
 * Looks up the stored login for a repository; undefined if there is none.
 *
 * @throws RegistryFailure `unknown` if the store cannot be read; the message contains no secrets
 */
export type RegistryCredentials = (repository: Pick<ImageRepository, 'host' | 'path'>) => Promise<Login | undefined>;

const text = z.string().min(1).optional().catch(undefined);
/** Line breaks in base64 are allowed there, but not in a header. */
const base64 = text.transform((value) => value?.replace(/\s/g, ''));
const entry = z.object({ auth: base64, username: text, password: text, identitytoken: text, registrytoken: text });
const dockerConfig = z.object({
  auths: z.record(z.string(), entry.nullable()).nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: z.string().nullish(),
});

type DockerConfig = z.output<typeof dockerConfig>;
type Entry = z.output<typeof entry>;
type Environment = Readonly<Record<string, string | undefined>>;

/** For how many seconds a login counts that was read. */
const KEPT_SECONDS = 300;

/**
 * Logins stored by `docker login` and similar tools: `DOCKER_AUTH_CONFIG`, then `config.json` in `DOCKER_CONFIG` or
 * `~/.docker`. The entry with the longest path wins. The helper of a registry takes precedence over entries in the file;
 * the helper for all registries is last. What was read counts for five minutes: a process that runs for days must see
 * that a login was renewed.
 *
 * Source: https://docs.docker.com/reference/cli/docker/login/#credential-stores ; paths below a host:
 * https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
 */
export function dockerCredentials(
  env: Environment,
  runHelper: RunHelper,
  clock: Clock = systemClock,
): RegistryCredentials {
  const sources = keptFor<readonly DockerConfig[]>(KEPT_SECONDS, clock);
  const helped = keptFor<Login | undefined>(KEPT_SECONDS, clock);
  const ask = (helper: string, host: string) => {
    // Clients store logins of Docker Hub under this address.
    const server = HUB.some((name) => name === host) ? 'https://index.docker.io/v1/' : host;
    return helped(`${helper} ${server}`, () => runHelper(helper, server));
  };
  return async (repository) => {
    const names = namesOf(repository);
    for (const { auths, credHelpers, credsStore } of await sources('', () => readSources(env))) {
      const helper = names.map((name) => find(credHelpers ?? {}, name)).find((found) => found !== undefined);
      if (helper !== undefined) return ask(helper, repository.host);
      const logins = names.map((name) => find(auths ?? {}, name)).map((found) => (found ? loginOf(found) : undefined));
      const login = logins.find((found) => found !== undefined);
      if (login !== undefined) return login;
      if (!credsStore) continue;
      const stored = await ask(credsStore, repository.host);
      if (stored !== undefined) return stored;
    }
    return undefined;
  };
}

/** Keeps answers, also failed ones, for some seconds. */
function keptFor<T>(seconds: number, clock: Clock): (key: string, ask: () => Promise<T>) => Promise<T> {
  const kept = new Map<string, { readonly until: number; readonly answer: Promise<T> }>();
  return (key, ask) => {
    const known = kept.get(key);
    if (known !== undefined && clock() < known.until) return known.answer;
    const answer = ask();
    kept.set(key, { until: clock() + seconds, answer });
    return answer;
  };
}

/** Possible names of an entry for the repository, longest first: `ghcr.io/acme/shop`, `ghcr.io/acme`, `ghcr.io`. */
function namesOf({ host, path }: Pick<ImageRepository, 'host' | 'path'>): string[] {
  const parts = path.split('/');
  const hosts = HUB.some((name) => name === host) ? HUB : [host];
  const paths = parts.map((_, i) => `/${parts.slice(0, parts.length - i).join('/')}`);
  return [...paths, ''].flatMap((below) => hosts.map((name) => `${name}${below}`));
}

/** Keys are names, or addresses as written by old clients: `https://index.docker.io/v1/`. */
function find<T>(entries: Readonly<Record<string, T>>, name: string): T | undefined {
  const key = Object.keys(entries).find(
    (address) => address.replace(/^https?:\/\//, '').replace(/\/(v[12]\/?)?$/, '') === name,
  );
  return key === undefined ? undefined : entries[key];
}

function loginOf({ auth, username, password, identitytoken, registrytoken }: Entry): Login | undefined {
  if (registrytoken !== undefined) return { kind: 'bearer', token: registrytoken };
  if (identitytoken !== undefined) return { kind: 'identity', token: identitytoken };
  if (auth !== undefined) return { kind: 'basic', basic: auth };
  return username === undefined || password === undefined ? undefined : basicLogin(username, password);
}

async function readSources(env: Environment): Promise<readonly DockerConfig[]> {
  const file = join(env['DOCKER_CONFIG'] || join(homedir(), '.docker'), 'config.json');
  const texts: [string, string | undefined][] = [
    ['DOCKER_AUTH_CONFIG', env['DOCKER_AUTH_CONFIG'] || undefined],
    [file, await readFile(file, 'utf8').catch(absent)],
  ];
  return texts.flatMap(([where, content]) => (content === undefined ? [] : [parseConfig(where, content)]));
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw new RegistryFailure('unknown', `the logins for registries cannot be read (${error.code})`);
}

function parseConfig(where: string, content: string): DockerConfig {
  try {
    return dockerConfig.parse(JSON.parse(content));
  } catch {
    // The parsers' messages would quote the file, which contains secrets.
    throw new RegistryFailure('unknown', `${where} is not the JSON that \`docker login\` writes`);
  }
}
