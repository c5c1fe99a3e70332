import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Container, PodSpec, Probe } from '../../../lib/model/kube.ts';
import { eventually } from '../eventually.ts';
import { judge } from '../judges.ts';
import { Processes } from '../processes.ts';
import { type CommandResult, tryRun } from '../run.ts';
import type { BuiltImage } from './images.ts';

/** The pod's own address, beside 127.0.0.1: what a probe asks. */
const ADDRESS = '10.0.0.7';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * One pod, started as a node would start it: init containers in their order, native sidecars beside them, then the
 * containers, each under its security context, all on a network of their own. Readiness is asked on the pod's address.
 */
export class Pod {
  readonly #processes = new Processes('pod');
  readonly #spec: PodSpec;
  readonly #imageOf: (reference: string) => BuiltImage;

  constructor(spec: PodSpec, imageOf: (reference: string) => BuiltImage) {
    this.#spec = spec;
    this.#imageOf = imageOf;
  }

  /**
   * Starts it, and waits until it is ready.
   *
   * @param waitMs how long each probe may take to succeed
   * @throws Error where a container cannot start, ends, or is never ready, with what it said last
   */
  async start(waitMs = 60_000): Promise<void> {
    const { volumes = [], initContainers = [], containers } = this.#spec;
    for (const { name } of volumes) {
      mkdirSync(this.#volume(name));
      // As an emptyDir is.
      chmodSync(this.#volume(name), 0o777);
    }
    this.#processes.start('network', 'unshare', [
      '--net',
      'sh',
      '-c',
      `ip link set lo up && ip address add ${ADDRESS}/32 dev lo && exec sleep infinity`,
    ]);
    const isUp = async () => (await this.#in('ip', ['-brief', 'address'])).stdout.includes(ADDRESS);
    await eventually(isUp, { what: 'the network of the pod' });
    for (const container of initContainers) {
      if (container.restartPolicy === 'Always') {
        await this.#begin(container);
        await this.#until(container, container.startupProbe, waitMs);
      } else await this.#toTheEnd(container);
    }
    for (const container of containers) await this.#begin(container);
    for (const container of containers) {
      await this.#until(container, container.startupProbe, waitMs);
      await this.#until(container, container.readinessProbe, waitMs);
    }
  }

  /** What the pod answers at a path, asked on its own address. */
  async get(path: string, host = ADDRESS): Promise<{ readonly status: number; readonly body: string }> {
    const port = this.#spec.containers[0]?.ports?.[0]?.containerPort;
    const args = ['--silent', '--max-time', '5', '--header', `Host: ${host}`, '--write-out', '\n%{http_code}'];
    const { stdout } = await this.#in('curl', [...args, `http://${ADDRESS}:${port}${path}`]);
    const end = stdout.lastIndexOf('\n');
    return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
  }

  stop(): Promise<void> {
    return this.#processes.stop();
  }

  #volume(name: string): string {
    return join(this.#processes.folder, `volume-${name}`);
  }

  /** Runs a program of this machine on the pod's network. */
  #in(command: string, args: readonly string[]): Promise<CommandResult> {
    return tryRun('nsenter', [`--net=/proc/${this.#processes.pids.get('network')}/ns/net`, command, ...args]);
  }

  async #begin(container: Container): Promise<void> {
    this.#processes.start(container.name, 'nsenter', await this.#command(container));
  }

  async #toTheEnd(container: Container): Promise<void> {
    const { code, stdout, stderr } = await tryRun('nsenter', await this.#command(container));
    if (code !== 0) throw new Error(`${container.name} ended with ${code}:\n${stdout}${stderr}`);
  }

  /** Arguments of nsenter that run a container, or another command with all that it has. */
  async #command(container: Container, command?: readonly string[]): Promise<string[]> {
    const file = join(this.#processes.folder, `${container.name}${command === undefined ? '' : '-probe'}.json`);
    const image = this.#imageOf(container.image ?? '');
    writeFileSync(file, JSON.stringify(this.#asOnNode(container, image, command)));
    return [`--net=/proc/${this.#processes.pids.get('network')}/ns/net`, await judge('podrun'), file];
  }

  #asOnNode(container: Container, image: BuiltImage, command?: readonly string[]): object {
    const { config, root } = image;
    const user = userOf(container, this.#spec, config.User ?? '');
    const account = readFileSync(join(root, 'etc/passwd'), 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .find(([, , id]) => id === String(user));
    const given = Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value ?? '']));
    const own = Object.fromEntries(
      (config.Env ?? []).map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
    );
    const env = { PATH: DEFAULT_PATH, HOSTNAME: 'pod', HOME: account?.[5] ?? '/', ...own, ...given };
    // A command of the pod replaces the image's arguments as well.
    const words = container.command ?? config.Entrypoint ?? [];
    const args = container.args ?? (container.command === undefined ? (config.Cmd ?? []) : []);
    return {
      root,
      mounts: (container.volumeMounts ?? []).map(({ name, mountPath }) => ({
        from: this.#volume(name),
        to: mountPath,
      })),
      user,
      group: Number(account?.[3] ?? 0),
      env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      dir: config.WorkingDir || '/',
      args: command ?? [...words, ...args],
    };
  }

  async #until(container: Container, probe: Probe | undefined, waitMs: number): Promise<void> {
    if (probe === undefined) return;
    const attempt = async () => {
      this.#processes.check(container.name);
      const problem = await this.#ask(container, probe);
      if (problem !== undefined) throw new Error(problem);
      return true;
    };
    await eventually(attempt, { what: `${container.name} to be ready`, timeoutMs: waitMs }).catch((error: Error) => {
      const log = readFileSync(this.#processes.logFile(container.name), 'utf8').split('\n').slice(-40).join('\n');
      throw new Error(`${error.message}\n${log}`, { cause: error });
    });
  }

  /** What is wrong with the answer to a probe; undefined where it succeeds. */
  async #ask(container: Container, { httpGet, tcpSocket, exec }: Probe): Promise<string | undefined> {
    if (exec !== undefined) {
      const { code, stdout, stderr } = await tryRun('nsenter', await this.#command(container, exec.command));
      return code === 0 ? undefined : `${exec.command?.join(' ')} ended with ${code}: ${stdout}${stderr}`;
    }
    if (tcpSocket !== undefined) {
      const connect = `exec 3<>/dev/tcp/${ADDRESS}/${portOf(container, tcpSocket.port)}`;
      const { code } = await this.#in('bash', ['-c', connect]);
      return code === 0 ? undefined : 'the port takes no connections';
    }
    const host = httpGet?.httpHeaders?.find(({ name }) => name === 'Host')?.value;
    const { status } = await this.get(httpGet?.path ?? '/', host);
    return status >= 200 && status < 400 ? undefined : `${httpGet?.path} answers with ${status}`;
  }
}

function portOf({ ports = [] }: Container, port: string | number): number | undefined {
  return typeof port === 'number' ? port : ports.find(({ name }) => name === port)?.containerPort;
}

/**
 * The number that a container runs as.
 *
 * @throws Error in the kubelet's words where it would refuse to start it: `runAsNonRoot` needs a number other than 0
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/kuberuntime/security_context.go
 */
function userOf({ securityContext, name }: Container, pod: PodSpec, ofImage: string): number {
  const wanted = securityContext?.runAsUser ?? pod.securityContext?.runAsUser;
  const isHeld = securityContext?.runAsNonRoot ?? pod.securityContext?.runAsNonRoot ?? false;
  const [user = ''] = ofImage.split(':');
  if (wanted === undefined && isHeld && user !== '' && !/^\d+$/.test(user)) {
    throw new Error(
      `${name}: container has runAsNonRoot and image has non-numeric user (${user}), cannot verify user is non-root`,
    );
  }
  const number = wanted ?? (user === '' ? 0 : Number(user));
  if (isHeld && number === 0) throw new Error(`${name}: container has runAsNonRoot and image will run as root`);
  return number;
}
