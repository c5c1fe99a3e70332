import { type ImageRepository, mayLeadTo } from './address.ts';
import { type Challenge, parseChallenges } from './challenges.ts';
import { RegistryFailure } from './failure.ts';
import { type HttpAnswer, type HttpEffects, send } from './http.ts';
import type { Login } from './login.ts';

const MAX_TOKEN_BYTES = 64 * 1024;
const CLIENT = 'greenroom';

/**
 * The Authorization header for a retry after a 401, to read only this repository.
 *
 * Source: the token scheme of the distribution project: https://distribution.github.io/distribution/spec/auth/token/
 * and .../oauth/ for identity tokens.
 *
 * @returns undefined if there are no suitable credentials
 * @throws RegistryFailure
 */
export async function authorize(
  network: HttpEffects,
  repository: ImageRepository,
  header: string,
  login: Login | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const challenges = parseChallenges(header);
  const bearer = challenges.filter(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
  if (bearer.length > 0) {
    if (login?.kind === 'bearer') return `Bearer ${login.token}`;
    const service = bearer.find(({ parameters }) => mayLeadTo(repository.origin, parameters.get('realm')!));
    if (service !== undefined) return `Bearer ${await fetchToken(network, repository, service, login, signal)}`;
  }
  if (challenges.some(({ scheme }) => scheme === 'basic')) {
    return login?.kind === 'basic' ? `Basic ${login.basic}` : undefined;
  }
  const [unusual] = challenges;
  if (unusual !== undefined && !challenges.some(({ scheme }) => scheme === 'bearer')) {
    const kind = unusual.scheme.slice(0, 20);
    throw new RegistryFailure(
      'unknown',
      `${repository.host} asks for a login of a kind that is not supported (${kind})`,
    );
  }
  if (bearer.length === 0) return undefined;
  throw new RegistryFailure('unknown', `${repository.host} names a token service without https, which is not used`);
}

async function fetchToken(
  network: HttpEffects,
  repository: ImageRepository,
  { parameters }: Challenge,
  login: Login | undefined,
  signal: AbortSignal,
): Promise<string> {
  const url = new URL(parameters.get('realm')!);
  const service = parameters.get('service');
  const wanted = { ...(service === undefined ? {} : { service }), scope: `repository:${repository.path}:pull` };
  const server = `the token service of ${repository.host}`;
  const common = { maxBytes: MAX_TOKEN_BYTES, server, signal };
  let answer: HttpAnswer;
  if (login?.kind === 'identity') {
    const form = { grant_type: 'refresh_token', client_id: CLIENT, refresh_token: login.token, ...wanted };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams(form).toString();
    answer = await send(network, { ...common, method: 'POST', url: url.href, headers, body });
  } else {
    for (const [name, value] of Object.entries(wanted)) url.searchParams.set(name, value);
    const headers: Record<string, string> = login?.kind === 'basic' ? { authorization: `Basic ${login.basic}` } : {};
    answer = await send(network, { ...common, method: 'GET', url: url.href, headers });
  }
  return tokenOf(answer, server, repository, login);
}

function tokenOf(
  answer: HttpAnswer,
  server: string,
  { host, path }: ImageRepository,
  login: Login | undefined,
): string {
  const { status } = answer;
  if (status === 401 && login !== undefined) {
    throw new RegistryFailure('unknown', `${server} does not accept the stored login; renew it`);
  }
  if (status === 401 || status === 403) throw refused({ host, path });
  if (status !== 200) throw new RegistryFailure('unknown', `${server} ${answered(answer)}`);
  let data: unknown;
  try {
    data = JSON.parse(Buffer.from(answer.bytes).toString());
  } catch {
    throw new RegistryFailure('unknown', `${server} answered with something that is not a token`);
  }
  const { token, access_token: accessToken } = (data ?? {}) as { token?: unknown; access_token?: unknown };
  const bearer = token ?? accessToken;
  // With an invalid token fetch would throw an error that quotes it.
  if (typeof bearer === 'string' && /^[\x21-\x7e]+$/.test(bearer)) return bearer;
  throw new RegistryFailure('unknown', `${server} answered without a token`);
}

/** Most registries give the same answer for a missing repository and for one without access. */
export function refused({ host, path }: Pick<ImageRepository, 'host' | 'path'>, isVague = false): RegistryFailure {
  return new RegistryFailure(
    'refused',
    `${host} has no repository ${path}, or does not let greenroom read it; has a build pushed to it yet? A private one needs \`docker login ${host}\` where greenroom runs`,
    isVague,
  );
}

/** Describes an unexpected status. */
export function answered({ status, retryAfter }: Pick<HttpAnswer, 'status' | 'retryAfter'>): string {
  if (status !== 429) return `answered ${status}`;
  const wait = retryAfter === null ? '' : `; it asks to wait for ${retryAfter} seconds`;
  return `answered 429: too many requests${wait}`;
}
