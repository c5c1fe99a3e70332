import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { parseTime } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import type { GitHubClient } from './client.ts';
import type { Credentials } from './credentials.ts';

/** A GitHub App, by what its settings page shows. */
export interface GitHubApp {
  /** Application id or client id. */
  readonly id: string;
  /** Opaque: it is printed nowhere, not even by mistake. */
  readonly key: KeyObject;
}

/**
 * The private key of an App as GitHub hands it out: PEM, of which a line may also end in `\n` spelled out, as
 * environment files have it.
 *
 * @returns null for anything else; OpenSSL's own errors are dropped, since they may quote what they were given
 */
export function parsePrivateKey(pem: string): KeyObject | null {
  try {
    const key = createPrivateKey(pem.replaceAll('\\n', '\n').trim());
    return key.asymmetricKeyType === 'rsa' ? key : null;
  } catch {
    return null;
  }
}

/** GitHub takes at most ten minutes, counted on its own clock. */
const JWT_SECONDS = 540;
const CLOCK_SKEW = 60;

/** Speaks as the App itself: enough to find its installations and to ask for their tokens. */
export function appCredentials({ id, key }: GitHubApp, clock: () => number): Credentials {
  let last = '';
  return {
    authorization: () => {
      const iat = clock() - CLOCK_SKEW;
      const text = [
        { alg: 'RS256', typ: 'JWT' },
        { iat, exp: iat + JWT_SECONDS, iss: id },
      ]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      last = `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
      return Promise.resolve(`bearer ${last}`);
    },
    renew: () => false,
    secrets: () => [last],
    advice: 'check GITHUB_APP_ID and that its private key was not revoked',
  };
}

interface InstallationToken {
  readonly value: string;
  /** Unix seconds. */
  readonly expiresAt: number;
}

/** A token is renewed this many seconds before its end: a request that is under way then still finds it valid. */
const RENEW_BEFORE = 300;

/** Tokens to be kept out of messages; older ones have expired. */
const REMEMBERED = 100;

/**
 * Speaks as the App's installations, each with a token of its own, which lives for an hour and is renewed as it is
 * needed.
 *
 * @param app speaks as the App itself
 * @param installationId the one installation to use @default - the one at each owner, looked up
 */
export function installationCredentials(app: GitHubClient, clock: () => number, installationId?: number): Credentials {
  const tokens = new Map<string, Promise<InstallationToken>>();
  const issued: string[] = [];

  async function issue(owner: string): Promise<InstallationToken> {
    const id = installationId ?? (await findInstallation(app, owner));
    const { status, data } = await app.rest<{ token?: unknown; expires_at?: unknown }>(
      'POST /app/installations/{installation_id}/access_tokens',
      { installation_id: id },
      [404],
    );
    if (status === 404) throw new GreenroomError('failed', `the GitHub App has no installation ${id}`);
    const expiresAt = parseTime(String(data.expires_at ?? ''));
    if (typeof data.token !== 'string' || expiresAt === undefined) {
      throw new GreenroomError('unreachable', `${app.description} gave no token for installation ${id}`);
    }
    issued.push(data.token);
    issued.splice(0, issued.length - REMEMBERED);
    return { value: data.token, expiresAt };
  }

  async function tokenFor(owner: string): Promise<InstallationToken> {
    const key = owner.toLowerCase();
    const known = tokens.get(key);
    const token = await known?.catch(() => undefined);
    if (token !== undefined && token.expiresAt - RENEW_BEFORE > clock()) return token;
    // Those who ask side by side share the next one.
    if (tokens.get(key) === known) tokens.set(key, issue(owner));
    return tokens.get(key)!;
  }

  return {
    authorization: async (owner) => `token ${(await tokenFor(owner)).value}`,
    renew: (owner) => tokens.delete(owner.toLowerCase()),
    secrets: () => issued,
    advice: 'the GitHub App may have been suspended or its installation removed',
  };
}

async function findInstallation(app: GitHubClient, owner: string): Promise<number> {
  for (const route of ['GET /orgs/{owner}/installation', 'GET /users/{owner}/installation'] as const) {
    const { status, data } = await app.rest<{ id?: unknown; suspended_at?: unknown; message?: unknown }>(
      route,
      { owner },
      [404],
    );
    if (status === 404 && /integration not found/i.test(String(data.message))) {
      throw new GreenroomError('failed', 'there is no GitHub App with this id; check GITHUB_APP_ID');
    }
    if (status === 404) continue;
    if (typeof data.id !== 'number') throw new GreenroomError('unreachable', `${app.description} gave no installation`);
    if (typeof data.suspended_at === 'string') {
      throw new GreenroomError('failed', `the GitHub App is suspended at ${owner}; an owner of ${owner} can resume it`);
    }
    return data.id;
  }
  throw new GreenroomError(
    'failed',
    `the GitHub App is not installed at ${owner}; install it there (the App's page, "Install App")`,
  );
}
