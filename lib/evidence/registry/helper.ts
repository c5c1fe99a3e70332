import { execFile } from 'node:child_process';
import { RegistryFailure } from './failure.ts';
import { basicLogin, type Login } from './login.ts';

/**
 * Asks a credential helper for the login of a registry; undefined if it has none.
 *
 * @param name `ecr-login` for the program `docker-credential-ecr-login`
 * @throws RegistryFailure `unknown` if the program is missing or fails; the message has none of its output
 */
export type RunHelper = (name: string, server: string) => Promise<Login | undefined>;

/**
 * Credential helpers on the PATH.
 *
 * @param timeout milliseconds after which a helper is killed
 * Source: https://github.com/docker/docker-credential-helpers#development
 */
export function helpersOf(env: Readonly<Record<string, string | undefined>>, timeout = 10_000): RunHelper {
  return async (name, server) => {
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) {
      throw new RegistryFailure(
        'unknown',
        'a credential helper has an invalid name; allowed are letters, digits, _ . -',
      );
    }
    const program = `docker-credential-${name}`;
    const { failure, stdout } = await ask(program, server, { env: { ...env }, timeout });
    if (failure === null) return parseAnswer(program, stdout);
    if (/credentials not found/i.test(stdout)) return undefined;
    const stopped = failure.killed ? 'took too long' : 'failed';
    const reason = failure.code === 'ENOENT' ? 'is not installed here' : stopped;
    throw new RegistryFailure('unknown', `the credential helper ${program} for ${server} ${reason}`);
  };
}

type Failure = Error & { code?: string | number | null; killed?: boolean };

function ask(program: string, server: string, options: { readonly env: NodeJS.ProcessEnv; readonly timeout: number }) {
  return new Promise<{ failure: Failure | null; stdout: string }>((resolve) => {
    const child = execFile(
      program,
      ['get'],
      // A helper may ignore SIGTERM.
      { ...options, killSignal: 'SIGKILL', maxBuffer: 64 * 1024, windowsHide: true },
      (failure, stdout) => resolve({ failure: failure as Failure | null, stdout }),
    );
    // If the helper ends without reading its input, its exit code tells the result.
    child.stdin?.on('error', () => {});
    child.stdin?.end(server);
  });
}

function parseAnswer(program: string, stdout: string): Login {
  let data: { Username?: unknown; Secret?: unknown } | null = null;
  try {
    data = JSON.parse(stdout);
  } catch {
    // Reported below, without the output, which may contain the secret.
  }
  if (typeof data?.Username !== 'string' || typeof data.Secret !== 'string') {
    throw new RegistryFailure('unknown', `the credential helper ${program} gave an answer without Username and Secret`);
  }
  // This name means that the secret is an identity token.
  if (data.Username === '<token>') return { kind: 'identity', token: data.Secret };
  return basicLogin(data.Username, data.Secret);
}
