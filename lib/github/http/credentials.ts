/** Proves to GitHub who asks. What it holds is sent with requests and shown nowhere. */
export interface Credentials {
  /**
   * Value of the Authorization header.
   *
   * @param owner whose repositories the request is about: a GitHub App is installed for each owner apart
   * @throws GreenroomError `failed` where there is nothing that this owner's repositories could be asked with
   */
  authorization(owner: string): Promise<string>;

  /** Called when GitHub did not accept the last one. True when another can be had, so that asking again makes sense. */
  renew(owner: string): boolean;

  /** Every string that must not appear in a message. */
  secrets(): readonly string[];

  /** What to do when they are not accepted, as the end of a sentence. */
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
