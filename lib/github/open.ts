import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../core/clock.ts';
import { GreenroomError } from '../core/errors.ts';
import { GitHubClient } from './client.ts';

/**
 * A client from the environment: GITHUB_TOKEN, and GITHUB_API_URL and GITHUB_GRAPHQL_URL as GitHub Actions sets them.
 *
 * @throws GreenroomError `invalid-input` without a token, or for an address that is none
 */
export function openGitHub(env: Readonly<Record<string, string | undefined>>): GitHubClient {
  const token = env['GITHUB_TOKEN'];
  if (!token) {
    throw new GreenroomError(
      'invalid-input',
      'GITHUB_TOKEN is not set; give a token, or --forge DIR for a local forge',
    );
  }
  return new GitHubClient({
    token,
    ...address('apiUrl', 'GITHUB_API_URL', env),
    ...address('graphqlUrl', 'GITHUB_GRAPHQL_URL', env),
    clock: systemClock,
    sleep: (milliseconds) => setTimeout(milliseconds),
  });
}

function address(option: 'apiUrl' | 'graphqlUrl', name: string, env: Readonly<Record<string, string | undefined>>) {
  const value = env[name];
  if (!value) return {};
  // The token goes there: never over an open line, but for a server on this machine.
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isHere = url !== undefined && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isHere)) return { [option]: value };
  throw new GreenroomError('invalid-input', `${name} must be an https address`);
}
