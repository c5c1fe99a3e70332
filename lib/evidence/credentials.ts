import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What a registry is sent as basic authentication: `user:password`, base64. */
export type Credentials = (host: string) => string | undefined;

const HUB = ['docker.io', 'registry-1.docker.io', 'index.docker.io'];

/**
 * The credentials that `docker login` wrote: `config.json` in DOCKER_CONFIG or `~/.docker`. Credential helpers are
 * programs and are not run; without an entry a registry is asked anonymously.
 *
 * Source: https://docs.docker.com/reference/cli/docker/login/#credential-stores
 */
export async function dockerCredentials(env: Readonly<Record<string, string | undefined>>): Promise<Credentials> {
  const file = join(env.DOCKER_CONFIG ?? join(homedir(), '.docker'), 'config.json');
  const auths = new Map<string, string>();
  try {
    const config: unknown = JSON.parse(await readFile(file, 'utf8'));
    for (const [address, entry] of Object.entries((config as { auths?: object }).auths ?? {})) {
      const { auth } = entry as { auth?: unknown };
      if (typeof auth === 'string' && auth !== '') auths.set(hostOf(address), auth);
    }
  } catch {
    // No file, or none that can be read: nobody has logged in.
    return () => undefined;
  }
  return (host) =>
    (HUB.includes(host) ? HUB : [host]).map((name) => auths.get(name)).find((auth) => auth !== undefined);
}

/** Entries are hosts, or addresses as old clients wrote them: `https://index.docker.io/v1/`. */
function hostOf(address: string): string {
  return address.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}
