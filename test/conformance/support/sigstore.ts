import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { sourceOf } from '../go.ts';
import { judge, judgeModule } from '../judges.ts';
import { freePorts, Processes } from '../processes.ts';
import { run } from '../run.ts';
import { IdentityProvider } from './identity-provider.ts';

/** The log of signatures: Rekor as it was since 2021, or its successor on tiles, which needs a time stamp authority. */
export type LogVersion = 1 | 2;

/** What is in a trusted root. */
export interface RootParts {
  readonly logs?: readonly LogVersion[];
  /** @default true */
  readonly stamps?: boolean;
  /** The log of certificates. @default true */
  readonly certificates?: boolean;
}

/** By this the logs sign: it has to be the host of their addresses. */
const NAME = '127.0.0.1';
const START = '2026-01-01T00:00:00Z';

/** Fulcio, both Rekors, a time stamp authority and a log of certificates, each as its own program on this machine. */
export class Sigstore {
  /** Gives tokens as GitHub does. */
  readonly provider: IdentityProvider;
  /** Gives tokens as GitLab does. */
  readonly gitLab: IdentityProvider;
  readonly #processes: Processes;
  readonly #ports: Readonly<Record<string, number>>;

  private constructor(
    [provider, gitLab]: readonly [IdentityProvider, IdentityProvider],
    processes: Processes,
    ports: Readonly<Record<string, number>>,
  ) {
    this.provider = provider;
    this.gitLab = gitLab;
    this.#processes = processes;
    this.#ports = ports;
  }

  static async start(): Promise<Sigstore> {
    const programs = ['fulcio', 'rekor', 'rekor-tiles', 'trillian', 'tesseract', 'timestamp-server'] as const;
    const paths: string[] = [];
    for (const program of programs) paths.push(await judge(program));
    const names = [...programs, 'fulcio-rpc', 'fulcio-metrics', 'rekor-metrics', 'tiles-rpc', 'tiles-metrics'];
    const free = await freePorts(names.length);
    const ports = Object.fromEntries(names.map((name, i) => [name, free[i]!]));
    const providers = [await IdentityProvider.start(), await IdentityProvider.start()] as const;
    const sigstore = new Sigstore(providers, new Processes('sigstore'), ports);
    try {
      await sigstore.#startAll(Object.fromEntries(programs.map((program, i) => [program, paths[i]!])));
    } catch (error) {
      await sigstore.stop();
      throw error;
    }
    return sigstore;
  }

  async stop(): Promise<void> {
    await this.#processes.stop();
    await this.provider.stop();
    await this.gitLab.stop();
  }

  get folder(): string {
    return this.#processes.folder;
  }

  url(name: 'fulcio' | 'rekor' | 'rekor-tiles' | 'tesseract' | 'timestamp-server'): string {
    return `http://127.0.0.1:${this.#ports[name]}`;
  }

  async #startAll(paths: Readonly<Record<string, string>>): Promise<void> {
    const { folder } = this.#processes;
    const port = (name: string) => String(this.#ports[name]);
    const at = (name: string) => join(folder, name);
    const start = (name: string, args: readonly string[]) => this.#processes.start(name, paths[name]!, args);
    const [tiles, certificates] = [keyFile(at('tiles')), keyFile(at('tesseract'), 'sec1')];
    writeFileSync(at('fulcio.yaml'), await identities({ github: this.provider.issuer, gitlab: this.gitLab.issuer }));
    start('fulcio', [
      'serve',
      ...['--ca=ephemeralca', '--host=127.0.0.1', `--port=${port('fulcio')}`, `--config-path=${at('fulcio.yaml')}`],
      ...['--grpc-host=127.0.0.1', `--grpc-port=${port('fulcio-rpc')}`, `--metrics-port=${port('fulcio-metrics')}`],
      ...[`--ct-log-url=${this.url('tesseract')}`, `--legacy-unix-domain-socket=${at('fulcio.sock')}`],
    ]);
    start('trillian', ['-port', port('trillian')]);
    start('timestamp-server', [
      ...['serve', '--host=127.0.0.1', `--port=${port('timestamp-server')}`, '--disable-ntp-monitoring'],
    ]);
    mkdirSync(at('tiles-storage'));
    start('rekor-tiles', [
      ...['serve', `--http-port=${port('rekor-tiles')}`, `--grpc-port=${port('tiles-rpc')}`],
      ...[`--http-metrics-port=${port('tiles-metrics')}`, `--hostname=${NAME}`, `--signer-filepath=${tiles}`],
      ...[`--storage-dir=${at('tiles-storage')}`, '--checkpoint-interval=200ms', '--batch-max-age=20ms'],
    ]);
    const bundle = (await this.#read('fulcio', '/api/v2/trustBundle')) as string;
    const { chains } = JSON.parse(bundle) as { chains: { certificates: string[] }[] };
    writeFileSync(at('fulcio.pem'), chains[0]!.certificates.join('\n'));
    mkdirSync(at('certificates'));
    start('tesseract', [
      ...[`-http_endpoint=127.0.0.1:${port('tesseract')}`, `-origin=${NAME}`, `-private_key=${certificates}`],
      ...[`-storage_dir=${at('certificates')}`, `-roots_pem_file=${at('fulcio.pem')}`],
    ]);
    start('rekor', [
      ...['serve', '--rekor_server.address=127.0.0.1', `--port=${port('rekor')}`, '--rekor_server.signer=memory'],
      ...[`--trillian_log_server.port=${port('trillian')}`, `--rekor_server.hostname=${NAME}`],
      '--enabled_api_endpoints=getLogInfo,getPublicKey,getLogProof,createLogEntry,getLogEntryByIndex,getLogEntryByUUID',
    ]);
    writeFileSync(at('rekor.pem'), await this.#read('rekor', '/api/v1/log/publicKey'));
    writeFileSync(at('stamps.pem'), await this.#read('timestamp-server', '/api/v1/timestamp/certchain'));
    await this.#read('rekor-tiles', '/healthz');
    await this.#read('tesseract', '/ct/v1/get-roots');
  }

  /** A time stamp of these bytes by the authority. Source: RFC 3161, in the JSON form of sigstore's authority. */
  async stamp(bytes: Uint8Array): Promise<Buffer> {
    const artifactHash = createHash('sha256').update(bytes).digest('base64');
    const answer = await fetch(`${this.url('timestamp-server')}/api/v1/timestamp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ artifactHash, certificates: true, hashAlgorithm: 'sha256' }),
    });
    if (!answer.ok) throw new Error(`timestamp: ${answer.status} ${await answer.text()}`);
    return Buffer.from(await answer.arrayBuffer());
  }

  #read(name: Parameters<Sigstore['url']>[0], path: string): Promise<string> {
    return eventually(
      async () => {
        this.#processes.check(name);
        const answer = await fetch(this.url(name) + path);
        if (!answer.ok) throw new Error(`${name}${path}: ${answer.status} ${await answer.text()}`);
        return answer.text();
      },
      { what: name, timeoutMs: 60_000 },
    );
  }

  /** sigstore's trusted_root.json, made by cosign. */
  async root({ logs = [1, 2], stamps = true, certificates = true }: RootParts = {}): Promise<string> {
    const at = (name: string) => join(this.folder, name);
    const out = at('root.json');
    const log = {
      1: `--rekor=url=${this.url('rekor')},public-key=${at('rekor.pem')},start-time=${START}`,
      2: `--rekor=url=${this.url('rekor-tiles')},public-key=${at('tiles.pub')},start-time=${START}`,
    };
    await run(await judge('cosign'), [
      ...['trusted-root', 'create', `--out=${out}`],
      `--fulcio=url=${this.url('fulcio')},certificate-chain=${at('fulcio.pem')}`,
      ...logs.map((version) => log[version]),
      ...(certificates
        ? [`--ctfe=url=${this.url('tesseract')},public-key=${at('tesseract.pub')},start-time=${START}`]
        : []),
      ...(stamps ? [`--tsa=url=${this.url('timestamp-server')},certificate-chain=${at('stamps.pem')}`] : []),
    ]);
    return readFileSync(out, 'utf8');
  }

  /** sigstore's signing_config.json: what cosign asks when it signs. */
  async signing(log: LogVersion | null, { stamps = true } = {}): Promise<string> {
    const out = join(this.folder, 'signing.json');
    const service = (url: string, version: number) =>
      `url=${url},api-version=${version},start-time=${START},operator=test`;
    await run(await judge('cosign'), [
      ...['signing-config', 'create', `--out=${out}`, `--fulcio=${service(this.url('fulcio'), 1)}`],
      `--oidc-provider=${service(this.provider.issuer, 1)}`,
      ...(log === null
        ? []
        : [`--rekor=${service(this.url(log === 1 ? 'rekor' : 'rekor-tiles'), log)}`, '--rekor-config=ANY']),
      ...(stamps
        ? [`--tsa=${service(`${this.url('timestamp-server')}/api/v1/timestamp`, 1)}`, '--tsa-config=ANY']
        : []),
    ]);
    return readFileSync(out, 'utf8');
  }
}

/** The settings of the public Fulcio, with these providers in the place of all. */
async function identities(issuers: Readonly<Record<'github' | 'gitlab', string>>): Promise<string> {
  const source = await sourceOf('github.com/sigstore/fulcio', judgeModule('sigstore'));
  const published = readFileSync(join(source, 'config/identity/config.yaml'), 'utf8');
  const ours = Object.entries(issuers).map(
    ([type, issuer]) =>
      `  "${issuer}": { issuer-url: "${issuer}", client-id: sigstore, type: ci-provider, ci-provider: *${type}-type }\n`,
  );
  return published.replace(/^oidc-issuers:\n(?: .*\n)+/m, `oidc-issuers:\n${ours.join('')}`);
}

/** Writes a key pair beside each other, `.key` and `.pub`; gives the path of the private one. */
function keyFile(path: string, type: 'pkcs8' | 'sec1' = 'pkcs8'): string {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(`${path}.key`, privateKey.export({ format: 'pem', type }));
  writeFileSync(`${path}.pub`, publicKey.export({ format: 'pem', type: 'spki' }));
  return `${path}.key`;
}
