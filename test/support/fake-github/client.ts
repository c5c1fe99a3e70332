import { GitHubClient, type GitHubClientOptions } from '../../../lib/github/http/client.ts';
import { tokenCredentials } from '../../../lib/github/http/credentials.ts';
import type { FakeGitHub } from './server.ts';

/** A client of the fake that waits for nothing, but remembers for how many milliseconds it would have. @param during what a wait takes @param clock the client's own, if it is not GitHub's */
export function clientOf(
  fake: FakeGitHub,
  waits: number[] = [],
  token = fake.token,
  onWait?: GitHubClientOptions['onWait'],
  during: () => unknown = () => undefined,
  clock: () => number = () => fake.clock(),
): GitHubClient {
  const sleep = async (milliseconds: number) => {
    waits.push(milliseconds);
    await during();
  };
  const credentials = tokenCredentials(token);
  return new GitHubClient({
    credentials,
    apiUrl: fake.url,
    clock,
    sleep,
    changeInterval: 0,
    ...(onWait && { onWait }),
  });
}
