import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
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
const entry = z.object({ auth: text, username: text, password: text, identitytoken: text, registrytoken: text });
const dockerConfig = z.object({
  auths: z.record(z.string(), entry.nullable()).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});

type DockerConfig = z.output<typeof dockerConfig>;
type Entry = z.output<typeof entry>;
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Logins stored by `docker login` and similar tools: `DOCKER_AUTH_CONFIG`, then `config.json` in `DOCKER_CONFIG` or
 * `~/.docker`. They are read once, when first needed. The entry with the longest path wins. The helper of a registry
 * takes precedence over entries in the file; the helper for all registries is last.
 *
 * Source: https://docs.docker.com/reference/cli/docker/login/#credential-stores ; paths below a host:
 * https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
 */
export function dockerCredentials(env: Environment, runHelper: RunHelper): RegistryCredentials {
  let sources: Promise<readonly DockerConfig[]> | undefined;
  const helped = new Map<string, Promise<Login | undefined>>();
  const ask = (helper: string, host: string) => {
    // Clients store logins of Docker Hub under this address.
    const server = HUB.some((name) => name === host) ? 'https://index.docker.io/v1/' : host;
    const key = `${helper} ${server}`;
    const answer = helped.get(key) ?? runHelper(helper, server);
    helped.set(key, answer);
    return answer;
  };
  return async (repository) => {
    sources ??= readSources(env);
    const names = namesOf(repository);
    for (const { auths = {}, credHelpers = {}, credsStore } of await sources) {
      const helper = names.map((name) => find(credHelpers, name)).find((found) => found !== undefined);
      if (helper !== undefined) return ask(helper, repository.host);
      const logins = names.map((name) => find(auths, name)).map((found) => (found ? loginOf(found) : undefined));
      const login = logins.find((found) => found !== undefined);
      if (login !== undefined) return login;
      if (credsStore === undefined || credsStore === '') continue;
      const stored = await ask(credsStore, repository.host);
      if (stored !== undefined) return stored;
    }
    return undefined;
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
