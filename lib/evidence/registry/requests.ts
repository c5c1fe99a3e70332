import { type ImageRepository, urlOf } from './address.ts';
import type { RegistryCredentials } from './credentials.ts';
import { RegistryFailure } from './failure.ts';
import { type HttpAnswer, type HttpEffects, type HttpRequest, send } from './http.ts';
import { authorize, refused } from './token.ts';

/** Sends requests to registries with the logins that they ask for, and keeps the access tokens. */
export class RegistryRequests {
  readonly #credentials: RegistryCredentials;
  readonly #network: HttpEffects;
  /** Authorization headers by host and path. */
  readonly #authorizations = new Map<string, string>();

  constructor(credentials: RegistryCredentials, network: HttpEffects) {
    this.#credentials = credentials;
    this.#network = network;
  }

  /**
   * @param path below the repository, e.g. `manifests/v1`
   * @throws RegistryFailure if there is no answer, or no suitable login
   */
  async send(
    repository: ImageRepository,
    method: 'GET' | 'HEAD',
    path: string,
    headers: Readonly<Record<string, string>>,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const { host } = repository;
    const request = { method, url: urlOf(repository, path), headers, maxBytes, server: host, signal };
    const key = `${host}/${repository.path}`;
    const known = this.#authorizations.get(key);
    let answer = await this.#sendAs(request, known);
    if (known !== undefined && mayBeExpired(answer)) {
      this.#authorizations.delete(key);
      answer = await this.#sendAs(request, undefined);
    }
    // Only the registry itself may ask for its login.
    if (answer.status !== 401 || answer.isElsewhere) return answer;
    const challenge = answer.headers['www-authenticate'] ?? '';
    const login = await this.#credentials(repository);
    const authorization = await authorize(this.#network, repository, challenge, login, signal);
    if (authorization === undefined) throw refused(repository);
    answer = await this.#sendAs(request, authorization);
    // A token may lack the right to this repository, which looks like a missing one. A password is either right or wrong.
    if (answer.status === 401 && authorization.startsWith('Basic '))
      throw new RegistryFailure('unknown', `${host} does not accept the stored login; renew it`);
    this.#authorizations.set(key, authorization);
    return answer;
  }

  #sendAs(request: HttpRequest, authorization: string | undefined): Promise<HttpAnswer> {
    const { headers } = request;
    return send(this.#network, {
      ...request,
      headers: authorization === undefined ? headers : { ...headers, authorization },
    });
  }
}

/**
 * Whether a registry may refuse a token that has expired without asking for a new one, as Amazon's do.
 *
 * Source: https://github.com/aws/containers-roadmap/issues/2835, https://github.com/awslabs/amazon-ecr-credential-helper/issues/7
 */
function mayBeExpired({ status, headers, isElsewhere }: HttpAnswer): boolean {
  if (isElsewhere) return false;
  return status === 400 || status === 403 || (status === 401 && headers['www-authenticate'] === undefined);
}
