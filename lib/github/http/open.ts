import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { preciseClock, systemClock } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import { appCredentials, type GitHubApp, installationCredentials, parsePrivateKey } from './app.ts';
import { GitHubClient, type GitHubClientOptions } from './client.ts';
import { tokenCredentials } from './credentials.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Options that do not come from the environment; tests replace them. */
export type OpenOptions = Partial<Pick<GitHubClientOptions, 'clock' | 'sleep' | 'onWait'>>;

/**
 * Creates a client from environment variables.
 *
 * | variable | |
 * |---|---|
 * | `GITHUB_TOKEN` | any token: a workflow's, a fine-grained one, a classic one |
 * | `GITHUB_APP_ID` | a GitHub App instead, by its application id or client id; it takes precedence over a token |
 * | `GITHUB_APP_PRIVATE_KEY` | its private key as text, line ends also as `\n` |
 * | `GITHUB_APP_PRIVATE_KEY_FILE` | or the file that contains it |
 * | `GITHUB_APP_INSTALLATION_ID` | the installation to use; by default it is looked up for each owner |
 * | `GITHUB_API_URL`, `GITHUB_GRAPHQL_URL` | the server, as GitHub Actions sets them |
 * | `GREENROOM_CHANGE_INTERVAL` | seconds between two changes, 1 by default |
 *
 * @throws GreenroomError `invalid-input` for missing credentials or an invalid value; values are never shown
 */
export function openGitHub(env: Environment, options: OpenOptions = {}): GitHubClient {
  const { clock = systemClock, sleep = (milliseconds: number) => setTimeout(milliseconds), ...others } = options;
  const server = {
    ...address('apiUrl', 'GITHUB_API_URL', env),
    ...address('graphqlUrl', 'GITHUB_GRAPHQL_URL', env),
    ...changeInterval(env),
    clock: options.clock ?? preciseClock,
    sleep,
    ...others,
  };
  const app = appOf(env);
  if (app !== null) {
    const asApp = new GitHubClient({ ...server, credentials: appCredentials(app, clock) });
    const credentials = installationCredentials(asApp, clock, installationOf(env));
    return asApp.as(credentials);
  }
  const token = env['GITHUB_TOKEN'];
  if (!token) {
    throw new GreenroomError(
      'invalid-input',
      'GITHUB_TOKEN is not set; give a token, or GITHUB_APP_ID and its private key, or --forge DIR for a local forge',
    );
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new GreenroomError(
      'invalid-input',
      'GITHUB_TOKEN contains a space, a line end or another character that no token has',
    );
  }
  return new GitHubClient({ ...server, credentials: tokenCredentials(token) });
}

function appOf(env: Environment): GitHubApp | null {
  const id = env['GITHUB_APP_ID'];
  const [text, file] = [env['GITHUB_APP_PRIVATE_KEY'], env['GITHUB_APP_PRIVATE_KEY_FILE']];
  if (!id && !text && !file) return null;
  if (!id || !/^[A-Za-z0-9._-]{1,100}$/.test(id)) {
    throw new GreenroomError('invalid-input', 'GITHUB_APP_ID must be the id of a GitHub App: its page shows it');
  }
  if (!text && !file) {
    throw new GreenroomError(
      'invalid-input',
      'GITHUB_APP_ID is set, but neither GITHUB_APP_PRIVATE_KEY nor GITHUB_APP_PRIVATE_KEY_FILE is',
    );
  }
  const from = text ? 'GITHUB_APP_PRIVATE_KEY' : 'the file that GITHUB_APP_PRIVATE_KEY_FILE names';
  const key = parsePrivateKey(text || readKey(file!));
  if (key !== null) return { id, key };
  throw new GreenroomError(
    'invalid-input',
    `${from} must contain an RSA private key in PEM form, from "-----BEGIN" to "-----END", as the App's page gives it`,
  );
}

/** The path is not shown: somebody may have set the variable to the key itself. */
function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new GreenroomError(
      'invalid-input',
      `the file that GITHUB_APP_PRIVATE_KEY_FILE names cannot be read (${code})`,
    );
  }
}

function installationOf(env: Environment): number | undefined {
  const text = env['GITHUB_APP_INSTALLATION_ID'];
  if (!text) return undefined;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new GreenroomError('invalid-input', 'GITHUB_APP_INSTALLATION_ID must be a number');
}

function changeInterval(env: Environment) {
  const text = env['GREENROOM_CHANGE_INTERVAL'];
  if (!text) return {};
  if (/^\d{1,2}(\.\d{1,3})?$/.test(text) && Number(text) <= 60) return { changeInterval: Number(text) };
  throw new GreenroomError(
    'invalid-input',
    `GREENROOM_CHANGE_INTERVAL must be seconds from 0 to 60, e.g. 1 or 0.2, not ${JSON.stringify(text)}`,
  );
}

function address(option: 'apiUrl' | 'graphqlUrl', name: string, env: Environment) {
  const value = env[name];
  if (!value) return {};
  // The token is sent there, so the connection must be encrypted, except to this machine.
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isHere = url !== undefined && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isHere);
  if (isSafe && url.username === '' && url.password === '') return { [option]: value };
  throw new GreenroomError('invalid-input', `${name} must be an https address without a user or password`);
}
