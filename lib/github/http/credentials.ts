/** Credentials for GitHub. They are sent with requests and never shown. */
export interface Credentials {
  /**
   * Value of the Authorization header.
   *
   * @param owner whose repositories the request is about: a GitHub App is installed separately for each owner
   * @throws GreenroomError `failed` if there are no credentials for this owner
   */
  authorization(owner: string): Promise<string>;

  /** Called when GitHub refused the last one. Returns whether a new one can be had, so that a retry makes sense. */
  renew(owner: string): boolean;

  /** Strings that must not appear in messages. */
  secrets(): readonly string[];

  /** What to do if GitHub refuses them, as the end of a sentence. */
  readonly advice: string;
}

/** The same token for every owner. */
export function tokenCredentials(token: string): Credentials {
  return {
    authorization: () => Promise.resolve(`token ${token}`),
    renew: () => false,
    secrets: () => [token],
    advice: 'the token is wrong, was revoked or has expired: set GITHUB_TOKEN to a valid one',
  };
}
