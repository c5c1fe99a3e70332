import { spawn } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import type { ClusterAnswer, ClusterReader } from '../../cluster/reader.ts';
import { GreenroomError } from '../../core/errors.ts';
import { at } from '../../core/json.ts';

export interface KubectlOptions {
  /** @default - as kubectl finds it: KUBECONFIG, else the one in the home folder */
  readonly kubeconfig?: string;
  /** @default - the current context */
  readonly context?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Limit of processes at the same time: each needs 50 MB. */
const AT_ONCE = 4;

/**
 * Reads a cluster through the user's `kubectl`, so that every login that works there works here: plugins, proxies,
 * certificates. It only gets objects and asks about permissions.
 */
export function kubectlReader(options: KubectlOptions): ClusterReader {
  const run = limited(AT_ONCE, (args: readonly string[], stdin?: string) => kubectl(options, args, stdin));
  return {
    get: async (path) => answerOf(await run(['get', '--raw', path])),
    may: async (user, { verb, group, resource, namespace, name }) => {
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user, groups: groupsOf(user), resourceAttributes: { verb, group, resource, namespace, name } },
      };
      const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
      const answer = answerOf(await run(['create', '--raw', path, '--filename=-'], JSON.stringify(review)));
      return answer.kind === 'found'
        ? { kind: 'found', value: at(answer.value, 'status', 'allowed') === true }
        : answer;
    },
    addresses: async () => {
      const view = ['config', 'view', '--minify', '--output=jsonpath={.clusters[0].cluster.server}'];
      const server = (await run(view)).stdout.trim();
      if (!URL.canParse(server)) return [];
      const host = new URL(server).hostname.replace(/^\[|\]$/g, '');
      const found = await lookup(host, { all: true, family: 4 }).catch(() => []);
      return found.map(({ address }) => address);
    },
  };
}

/** Name of the context. @throws GreenroomError `invalid-input` if there is none */
export async function contextName(options: KubectlOptions): Promise<string> {
  if (options.context !== undefined) return options.context;
  const { code, stdout, stderr } = await kubectl(options, ['config', 'current-context']);
  if (code === 0) return stdout.trim();
  throw new GreenroomError(
    'invalid-input',
    `the kubeconfig has no current context (${lastLine(stderr)}); pass --context`,
  );
}

/** The groups of every service account. */
function groupsOf(user: string): string[] {
  return ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${user.split(':')[2]}`];
}

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function kubectl({ kubeconfig, context, env }: KubectlOptions, args: readonly string[], stdin = ''): Promise<Finished> {
  const all = [
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
    ...(context === undefined ? [] : [`--context=${context}`]),
    '--request-timeout=20s',
    ...args,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn('kubectl', all, { env: { ...env }, timeout: 60_000, killSignal: 'SIGKILL' });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => undefined).end(stdin);
    child.on('error', (cause) => {
      const message = 'checking a cluster needs kubectl, which cannot be started; install it, or pass --no-cluster';
      reject(new GreenroomError('failed', message, { cause }));
    });
    child.on('close', (code, signal) => {
      resolve({ code: code ?? 1, stdout, stderr: signal === null ? stderr : `ended by ${signal}` });
    });
  });
}

function answerOf({ code, stdout, stderr }: Finished): ClusterAnswer {
  if (code === 0) {
    try {
      return { kind: 'found', value: JSON.parse(stdout) };
    } catch {
      return { kind: 'refused', reason: 'the answer is not JSON' };
    }
  }
  const said = lastLine(stderr);
  if (/\(NotFound\)/.test(said)) return { kind: 'missing' };
  if (/^Error from server \(|\(Unauthorized\)|\(Forbidden\)/.test(said)) {
    return { kind: 'refused', reason: said.replace(/^(?:Error from server|error:)\s*(?:\(\w+\))?:?\s*/, '') };
  }
  throw new GreenroomError('unreachable', `the cluster does not answer: ${said || `kubectl ended with ${code}`}`);
}

function lastLine(stderr: string): string {
  return stderr.trim().split('\n').at(-1) ?? '';
}

/** The same function, limited to so many calls at the same time. */
function limited<A extends readonly unknown[], B>(most: number, work: (...args: A) => Promise<B>) {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (...args: A): Promise<B> => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work(...args);
    } finally {
      // The call that has waited longest takes over the slot.
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
