import { GitHubClient, type GitHubClientOptions } from '../../../lib/github/http/client.ts';
import { tokenCredentials } from '../../../lib/github/http/credentials.ts';
import type { FakeGitHub } from './server.ts';

/** A client of the fake that waits for nothing, but remembers for how many milliseconds it would have. */
export function clientOf(
  fake: FakeGitHub,
  waits: number[] = [],
  token = fake.token,
  onWait?: GitHubClientOptions['onWait'],
): GitHubClient {
  const sleep = async (milliseconds: number) => void waits.push(milliseconds);
  const credentials = tokenCredentials(token);
  return new GitHubClient({
    credentials,
    apiUrl: fake.url,
    clock: () => fake.clock(),
    sleep,
    ...(onWait && { onWait }),
  });
}
