import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { parseTime } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import type { GitHubClient } from './client.ts';
import type { Credentials } from './credentials.ts';

/** A GitHub App, with the values that its settings page shows. */
export interface GitHubApp {
  /** Application id or client id. */
  readonly id: string;
  /** A KeyObject, which cannot be printed by mistake. */
  readonly key: KeyObject;
}

/**
 * Parses the private key of an App: PEM as GitHub provides it. Line ends may also be written as `\n`, as in environment
 * files.
 *
 * @returns null for anything else; OpenSSL's errors are dropped, since they may quote the input
 */
export function parsePrivateKey(pem: string): KeyObject | null {
  try {
    const key = createPrivateKey(pem.replaceAll('\\n', '\n').trim());
    return key.asymmetricKeyType === 'rsa' ? key : null;
  } catch {
    return null;
  }
}

/** GitHub allows at most ten minutes, by its own clock. */
const JWT_SECONDS = 540;
const CLOCK_SKEW = 60;

/** Credentials of the App itself: enough to find its installations and to request their tokens. */
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

/** Seconds before its end at which a token is renewed, so it stays valid during a request. */
const RENEW_BEFORE = 300;

/** How many tokens to redact in messages; older ones have expired. */
const REMEMBERED = 100;

/**
 * Credentials of the App's installations. Each has its own token, which is valid for an hour and renewed when needed.
 *
 * @param app client with the credentials of the App itself
 * @param installationId the installation to use @default - looked up for each owner
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
    // Concurrent callers share one request.
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
      throw new GreenroomError('failed', 'no GitHub App has this id; check GITHUB_APP_ID');
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
