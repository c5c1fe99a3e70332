import { REPOSITORY_PATH, type RepositoryRef } from '../core/repository.ts';

/** User name and password (or token) for an http server. */
export interface HttpCredentials {
  /** @default x-access-token */
  readonly username?: string;
  readonly password: string;
}

export interface Remote {
  /** Without a password, and for http without a user: safe to pass to git and to show. */
  readonly url: string;
  readonly description: string;
  /** Scheme and host of an http address. */
  readonly origin: string | undefined;
  readonly credentials: HttpCredentials | undefined;
}

/** Whether a location is an address (`scheme://...`, `[user@]host:path`) and not a path. */
export function isRemote(location: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(location) || /^[^/\s:]+:(?!\/\/)\S/.test(location);
}

/** The repository of a Git address; undefined for a local path. */
export function repositoryOf(address: string): RepositoryRef | undefined {
  if (!isRemote(address) || /^file:/i.test(address)) return undefined;
  const rest = address.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]+\//i, '').replace(/^[^/:]+:/, '');
  const path = rest
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
  return new RegExp(`^${REPOSITORY_PATH}$`).test(path) ? { path } : undefined;
}

/** Separates the credentials from an address. */
export function parseRemote(location: string): Remote {
  const parts = /^([a-z][a-z0-9+.-]*:\/\/)(?:([^/@]*(?:@[^/@]*)*)@)?(.*)$/i.exec(location);
  if (parts === null) return { url: location, description: location, origin: undefined, credentials: undefined };
  const [, scheme = '', userinfo, rest = ''] = parts;
  const [user = '', ...password] = (userinfo ?? '').split(':');
  if (!/^https?:/i.test(scheme)) {
    const url = `${scheme}${user === '' ? '' : `${user}@`}${rest}`;
    return { url, description: scheme + rest, origin: undefined, credentials: undefined };
  }
  const url = scheme + rest;
  return {
    url,
    description: url.replace(/[?#].*$/, ''),
    origin: scheme + rest.replace(/[/?#].*$/, ''),
    credentials: userinfo === undefined ? undefined : fromUserinfo(decode(user), decode(password.join(':'))),
  };
}

/** In `https://TOKEN@host` the token is in the user part. */
function fromUserinfo(user: string, password: string): HttpCredentials {
  return password === '' ? { password: user } : { username: user, password };
}

export function authorization({ username = 'x-access-token', password }: HttpCredentials): string {
  return `Authorization: Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
