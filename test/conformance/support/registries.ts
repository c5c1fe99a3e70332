import { createHash } from 'node:crypto';
import { eventually } from '../eventually.ts';
import { judge } from '../judges.ts';
import { freePorts, Processes } from '../processes.ts';

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const EMPTY = { bytes: '{}', mediaType: 'application/vnd.oci.empty.v1+json' };

export interface Registries {
  /** `127.0.0.1:<port>`: one without the referrers API, one with it. */
  readonly hosts: Readonly<Record<'plain' | 'referrers', string>>;
  /** For state of the test's own. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** Two real registries on this machine. */
export async function startRegistries(purpose: string): Promise<Registries> {
  const [plain, referrers] = [await judge('registry'), await judge('registry-referrers')];
  const processes = new Processes(purpose);
  const [first, second] = (await freePorts(2)) as [number, number];
  processes.start('plain', plain, ['-port', String(first)]);
  processes.start('referrers', referrers, ['-port', String(second)]);
  const hosts = { plain: `127.0.0.1:${first}`, referrers: `127.0.0.1:${second}` };
  for (const host of Object.values(hosts)) {
    await eventually(async () => (await fetch(`http://${host}/v2/`)).ok, { what: 'the registry' });
  }
  return { hosts, folder: processes.folder, stop: () => processes.stop() };
}

/** A manifest with bundles, one a layer. */
export interface PushedManifest {
  readonly layers: readonly string[];
  /** Media type of its layers. @default - as cosign writes it */
  readonly type?: string;
  /** @default - as cosign writes it */
  readonly artifactType?: string;
}

/** Puts a bundle beside an image, as cosign does. @param name `host/path` @param byTag for a registry without the API */
export async function pushReferrer(
  name: string,
  subject: string,
  pushed: string | PushedManifest,
  byTag: boolean,
): Promise<void> {
  const {
    layers: texts,
    type = BUNDLE,
    artifactType = BUNDLE,
  } = typeof pushed === 'string' ? { layers: [pushed] } : pushed;
  const layers = [];
  for (const text of texts) layers.push(await pushBlob(name, text, type));
  const config = await pushBlob(name, EMPTY.bytes, EMPTY.mediaType);
  const size = Number((await request(name, `manifests/${subject}`, { method: 'HEAD' })).headers.get('content-length'));
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType,
    config,
    layers,
    subject: { mediaType: OCI_MANIFEST, digest: subject, size },
    annotations: { 'dev.sigstore.bundle.predicateType': 'https://sigstore.dev/cosign/sign/v1' },
  };
  const text = JSON.stringify(manifest);
  const digest = digestOf(text);
  await pushManifest(name, digest, text, OCI_MANIFEST);
  if (!byTag) return;
  const listed = { mediaType: OCI_MANIFEST, digest, size: Buffer.byteLength(text), artifactType };
  const index = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [listed] });
  await pushManifest(name, subject.replace(':', '-'), index, OCI_INDEX);
}

/** Puts one layer of cosign's older layout under a tag. */
export async function pushLayer(
  name: string,
  tag: string,
  payload: string,
  annotations: Readonly<Record<string, string>>,
): Promise<void> {
  const layer = await pushBlob(name, payload, 'application/vnd.dev.cosign.simplesigning.v1+json');
  const config = await pushBlob(name, '{}', 'application/vnd.oci.image.config.v1+json');
  const layers = [{ ...layer, annotations }];
  await pushManifest(
    name,
    tag,
    JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }),
    OCI_MANIFEST,
  );
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

async function request(name: string, below: string, init: RequestInit): Promise<Response> {
  const slash = name.indexOf('/');
  const answer = await fetch(new URL(below, `http://${name.slice(0, slash)}/v2/${name.slice(slash + 1)}/`), init);
  if (!answer.ok) throw new Error(`${init.method} ${below}: ${answer.status} ${await answer.text()}`);
  return answer;
}

async function pushBlob(name: string, text: string, mediaType: string) {
  const started = await request(name, 'blobs/uploads/', { method: 'POST' });
  const digest = digestOf(text);
  const place = new URL(started.headers.get('location') ?? '', started.url);
  place.searchParams.set('digest', digest);
  await request(name, place.href, {
    method: 'PUT',
    body: text,
    headers: { 'content-type': 'application/octet-stream' },
  });
  return { mediaType, digest, size: Buffer.byteLength(text) };
}

async function pushManifest(name: string, reference: string, text: string, type: string): Promise<void> {
  await request(name, `manifests/${reference}`, { method: 'PUT', body: text, headers: { 'content-type': type } });
}
