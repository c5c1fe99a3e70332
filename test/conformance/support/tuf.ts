import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const EXPIRES = '2099-01-01T00:00:00Z';

/** A repository of The Update Framework that is served on this machine. */
export interface Tuf {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves files as sigstore publishes its trusted root and signing configuration: what cosign reads after
 * `cosign initialize --mirror URL --root URL/1.root.json`.
 *
 * @param targets text by name
 */
export async function serveTuf(targets: Readonly<Record<string, string>>): Promise<Tuf> {
  const files = repositoryOf(targets);
  const server = createServer((request, response) => {
    const text = files.get((request.url ?? '').slice(1));
    response.writeHead(text === undefined ? 404 : 200).end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Source: https://theupdateframework.github.io/specification/latest/, with consistent snapshots and one signer. */
function repositoryOf(targets: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = keyOf(publicKey);
  const keyid = hash(canonical(key));
  const put = (path: string, text: string) => {
    files.set(path, text);
    return { version: 1, length: Buffer.byteLength(text), hashes: { sha256: hash(text) } };
  };
  const signed = (path: string, type: string, content: object) => {
    const body = { _type: type, spec_version: '1.0', version: 1, expires: EXPIRES, ...content };
    const sig = sign('sha256', Buffer.from(canonical(body)), privateKey).toString('hex');
    return put(path, JSON.stringify({ signed: body, signatures: [{ keyid, sig }] }));
  };
  const listed = Object.entries(targets).map(([name, text]) => {
    const { length, hashes } = put(`targets/${hash(text)}.${name}`, text);
    return [name, { length, hashes }] as const;
  });
  const role = { keyids: [keyid], threshold: 1 };
  const roles = { root: role, targets: role, snapshot: role, timestamp: role };
  signed('1.root.json', 'root', { consistent_snapshot: true, keys: { [keyid]: key }, roles });
  const meta = signed('1.targets.json', 'targets', { targets: Object.fromEntries(listed) });
  const snapshot = signed('1.snapshot.json', 'snapshot', { meta: { 'targets.json': meta } });
  signed('timestamp.json', 'timestamp', { meta: { 'snapshot.json': snapshot } });
  return files;
}

function keyOf(key: KeyObject): object {
  const keyval = { public: key.export({ type: 'spki', format: 'pem' }) };
  return { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256', keyval };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** OLPC's canonical JSON: sorted keys, no spaces, nothing escaped in a string but quotes and backslashes. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'string') return `"${value.replace(/["\\]/g, '\\$&')}"`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${canonical(name)}:${canonical(member)}`).join(',')}}`;
}
