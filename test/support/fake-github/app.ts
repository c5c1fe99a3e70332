import { generateKeyPairSync, verify } from 'node:crypto';
import { formatTime } from '../../../lib/core/clock.ts';
import { COMMIT_TIME } from '../git.ts';
import { NOT_FOUND, type RestAnswer, refusal } from './answers.ts';
import type { FakeRequest } from './server.ts';
import { installation } from './shapes.ts';

/** A new pair takes a while to be found. */
export function keyPair() {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}

let keys: ReturnType<typeof keyPair> | undefined;
const KEYS = () => {
  keys ??= keyPair();
  return keys;
};

/** A GitHub App, and where it is installed. Its JSON Web Tokens are checked as GitHub checks them. */
export class FakeApp {
  readonly id = '4242';
  /** As GitHub hands it out: PKCS#1. */
  readonly privateKey: string;
  /** Unix seconds. */
  now = COMMIT_TIME;
  /** Ids of installations by owner. */
  readonly installations = new Map<string, number>();
  readonly suspended = new Set<string>();
  /** Every installation token that was given out, in turn. */
  readonly tokens: string[] = [];
  readonly #live = new Map<string, { owner: string; until: number }>();
  readonly #publicKey: string;

  constructor(owners: readonly string[], keys = KEYS()) {
    [this.privateKey, this.#publicKey] = [keys.privateKey, keys.publicKey];
    for (const [i, owner] of owners.entries()) this.installations.set(owner, 71 + i);
  }

  /** Whose repositories a token opens; undefined for none. */
  ownerOf(token: string): string | undefined {
    const live = this.#live.get(token);
    return live !== undefined && live.until > this.now ? live.owner : undefined;
  }

  /** As when an owner presses "Revoke". */
  revoke(): void {
    this.#live.clear();
  }

  /** What is asked as the App itself; undefined for any other request. */
  answer({ method, path, authorization }: FakeRequest): RestAnswer | undefined {
    const [, kind, owner] = /^\/(orgs|users)\/([^/]+)\/installation$/.exec(path) ?? [];
    const [, id] = /^\/app\/installations\/(\d+)\/access_tokens$/.exec(path) ?? [];
    if (owner === undefined && id === undefined) return undefined;
    const reason = this.#refusalOf(authorization.replace(/^bearer /i, ''));
    if (reason !== null) return refusal(401, reason);
    if (id !== undefined && method === 'POST') return this.#token(Number(id));
    const found = kind === 'orgs' ? this.installations.get(owner!) : undefined;
    if (found === undefined) return NOT_FOUND;
    const suspendedAt = this.suspended.has(owner!) ? '2026-11-01T00:00:00Z' : null;
    return { status: 200, body: installation(found, owner!, suspendedAt) };
  }

  #token(id: number): RestAnswer {
    const owner = [...this.installations].find(([, known]) => known === id)?.[0];
    if (owner === undefined) return NOT_FOUND;
    const token = `ghs_installation${id}n${this.tokens.length}`;
    this.tokens.push(token);
    this.#live.set(token, { owner, until: this.now + 3600 });
    return { status: 201, body: { token, expires_at: formatTime(this.now + 3600) } };
  }

  #refusalOf(jwt: string): string | null {
    const [header = '', payload = '', signature = ''] = jwt.split('.');
    const signed = Buffer.from(`${header}.${payload}`);
    const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    try {
      if (decode(header).alg !== 'RS256') return 'A JSON web token could not be decoded';
      if (!verify('RSA-SHA256', signed, this.#publicKey, Buffer.from(signature, 'base64url'))) {
        return 'A JSON web token could not be decoded';
      }
      const { iat, exp, iss } = decode(payload) as { iat: number; exp: number; iss: string };
      if (String(iss) !== this.id) return 'Integration not found';
      if (exp <= this.now) return "'Expiration time' claim ('exp') must be a numeric value in the future";
      if (exp > this.now + 600) return "'Expiration time' claim ('exp') is too far in the future";
      return iat <= this.now ? null : "'Issued at' claim ('iat') must be an Integer in the past";
    } catch {
      return 'A JSON web token could not be decoded';
    }
  }
}
