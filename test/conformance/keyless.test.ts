import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRegistries } from '../../lib/evidence/registry/open.ts';
import { createTrust } from '../../lib/evidence/signatures/trust.ts';
import { createVerifier } from '../../lib/evidence/verify-image.ts';
import { type ImageReference, parseImage } from '../../lib/model/image.ts';
import { Authority } from '../evidence/authority.ts';
import { platform } from '../support/inputs.ts';
import { judge } from './judges.ts';
import { run, tryRun } from './run.ts';
import type { Build } from './support/identity-provider.ts';
import { pushReferrer, type Registries, startRegistries } from './support/registries.ts';
import { type LogVersion, type RootParts, Sigstore } from './support/sigstore.ts';

type Registry = 'plain' | 'referrers';
type Demand = 'signature' | 'provenance' | 'sbom';

/** How something is signed: where it is logged, and whether an authority stamps the time. */
interface Way {
  readonly layout: 'bundle' | 'older';
  readonly log: LogVersion | null;
  readonly stamps: boolean;
}

const SIGN_V1 = 'https://sigstore.dev/cosign/sign/v1';
const HEAD = 'a1b2c3d'.padEnd(40, '0');
const MERGE = 'd4e5f60'.padEnd(40, '1');
const WORKFLOW = 'acme/ci/.github/workflows/build.yaml@refs/heads/main';
const BUILD: Build = {
  repository: 'acme/shop',
  repositoryId: 42,
  sha: HEAD,
  ref: 'refs/heads/new-look',
  workflow: WORKFLOW,
};

let sigstore: Sigstore;
let registries: Registries;
let folder: string;
let cosign: string;
let crane: string;

beforeAll(async () => {
  [cosign, crane] = [await judge('cosign'), await judge('crane')];
  sigstore = await Sigstore.start();
  registries = await startRegistries('keyless');
  folder = registries.folder;
});
afterAll(async () => {
  await registries?.stop();
  await sigstore?.stop();
});

const call = (...args: readonly string[]) => tryRun(cosign, args, { cwd: folder, env: { HOME: folder } });

let count = 0;

/** A fresh image; gives its name by digest. */
async function freshImage(registry: Registry): Promise<string> {
  const name = `${registries.hosts[registry]}/acme/app${++count}`;
  writeFileSync(join(folder, 'layer.tar'), Buffer.alloc(1024, count));
  await run(crane, ['append', `--new_layer=${join(folder, 'layer.tar')}`, `--new_tag=${name}:1`]);
  return `${name}@${(await run(crane, ['digest', `${name}:1`])).trim()}`;
}

/** What cosign is told about this sigstore. */
async function told({ layout, log, stamps }: Way): Promise<readonly string[]> {
  writeFileSync(join(folder, 'sign-root.json'), await sigstore.root());
  if (layout === 'bundle') {
    writeFileSync(join(folder, 'signing.json'), await sigstore.signing(log, { stamps }));
    return ['--signing-config=signing.json', '--trusted-root=sign-root.json'];
  }
  const stamp = `--timestamp-server-url=${sigstore.url('timestamp-server')}/api/v1/timestamp`;
  const logged = log === null ? '--tlog-upload=false' : `--rekor-url=${sigstore.url('rekor')}`;
  return [
    ...['--new-bundle-format=false', '--use-signing-config=false', '--trusted-root=sign-root.json'],
    ...[`--fulcio-url=${sigstore.url('fulcio')}`, logged, ...(stamps ? [stamp] : [])],
  ];
}

async function sign(image: string, way: Way, build = BUILD): Promise<void> {
  const args = ['sign', '--yes', `--identity-token=${sigstore.provider.token(build)}`, ...(await told(way)), image];
  await run(cosign, args, { cwd: folder, env: { HOME: folder } });
}

/** Whose signatures count, and by which root. */
interface Trusted {
  readonly root: string;
  readonly workflow?: string;
  readonly issuer?: string;
}

async function theirs(image: string, { layout, log, stamps }: Way, trusted: Trusted): Promise<boolean> {
  const { root, workflow = WORKFLOW, issuer = sigstore.provider.issuer } = trusted;
  writeFileSync(join(folder, 'root.json'), root);
  const who = [`--certificate-identity=https://github.com/${workflow}`, `--certificate-oidc-issuer=${issuer}`];
  const { tlogs = [] } = JSON.parse(root) as { tlogs?: unknown[] };
  const common = [
    ...[...who, '--trusted-root=root.json'],
    // What a root does not list cannot be demanded of a signature.
    ...(tlogs.length === 0 || log === null ? ['--insecure-ignore-tlog=true'] : []),
    ...(stamps ? ['--use-signed-timestamps'] : []),
    image,
  ];
  const { code } =
    layout === 'bundle'
      ? await call('verify-attestation', `--type=${SIGN_V1}`, '--new-bundle-format=true', ...common)
      : await call('verify', '--new-bundle-format=false', ...common);
  return code === 0;
}

/** What greenroom says of a demand. */
async function ours(image: string, trusted: Trusted, demand: Demand = 'signature', head = HEAD) {
  const { root, workflow = WORKFLOW, issuer = sigstore.provider.issuer } = trusted;
  const { evidence } = platform(
    `evidence: { require: [${demand}], trustedRoots: [trust/root.json], identities: [{ issuer: "${issuer}", subject: "https://github.com/${workflow}" }] }`,
  );
  const now = () => Math.floor(Date.now() / 1000);
  const trust = createTrust(evidence, new Map([['trust/root.json', root]]), now());
  const verifier = createVerifier(openRegistries({ DOCKER_CONFIG: folder }), now);
  const parsed = parseImage(image) as ImageReference;
  const subject = { repositoryId: 42, repository: 'acme/shop', number: 7, head };
  const parentsOf = async (commit: string) => (commit === MERGE ? ['b'.repeat(40), HEAD] : []);
  const verified = await verifier.verify(parsed, parsed.digest!, { settings: evidence, trust }, subject, parentsOf);
  return verified.status === 'evaluated' ? verified.verdicts[demand]! : verified;
}

/** The bundle that cosign stored for an image. */
async function bundleOf(image: string): Promise<string> {
  const [name = '', digest = ''] = image.split('@');
  const [host = '', ...path] = name.split('/');
  const read = async (below: string) => (await fetch(`http://${host}/v2/${path.join('/')}/${below}`)).text();
  const { manifests } = JSON.parse(await read(`referrers/${digest}`)) as { manifests: { digest: string }[] };
  const { layers } = JSON.parse(await read(`manifests/${manifests[0]?.digest}`)) as { layers: { digest: string }[] };
  return read(`blobs/${layers[0]?.digest}`);
}

const WAYS: readonly (Way & { readonly name: string; readonly needs: RootParts })[] = [
  { name: 'a bundle in Rekor', layout: 'bundle', log: 1, stamps: false, needs: { logs: [1], stamps: false } },
  { name: 'a bundle in Rekor, stamped', layout: 'bundle', log: 1, stamps: true, needs: { logs: [1] } },
  { name: 'a bundle in Rekor 2, stamped', layout: 'bundle', log: 2, stamps: true, needs: { logs: [2] } },
  { name: 'a bundle without a log, stamped', layout: 'bundle', log: null, stamps: true, needs: { logs: [] } },
  { name: 'the older layout in Rekor', layout: 'older', log: 1, stamps: false, needs: { logs: [1], stamps: false } },
  { name: 'the older layout in Rekor, stamped', layout: 'older', log: 1, stamps: true, needs: { logs: [1] } },
  { name: 'the older layout without a log, stamped', layout: 'older', log: null, stamps: true, needs: { logs: [] } },
];

describe.each<Registry>(['plain', 'referrers'])(
  'signed by cosign with a real sigstore, on a registry: %s',
  (registry) => {
    it.each(WAYS)('$name is what cosign says that it is', async (way) => {
      const image = await freshImage(registry);
      const root = await sigstore.root(way.needs);
      const compare = async (trusted: Trusted, signed: boolean) => {
        expect([await theirs(image, way, trusted), (await ours(image, trusted)).status === 'shown']).toEqual([
          signed,
          signed,
        ]);
      };
      await compare({ root }, false);
      await sign(image, way);
      await compare({ root }, true);
      expect(await ours(image, { root }, 'provenance')).toMatchObject({ status: 'shown' });
      expect(await ours(image, { root }, 'provenance', MERGE)).toMatchObject({ status: 'wrong' });
      await compare({ root, workflow: `${WORKFLOW}-evil` }, false);
      await compare({ root, issuer: `${sigstore.provider.issuer}0` }, false);
      await compare({ root: new Authority(Math.floor(Date.now() / 1000)).root() }, false);
    });
  },
);

const BUNDLE: Way = { layout: 'bundle', log: 1, stamps: false };
const STAMPED: Way = { ...BUNDLE, stamps: true };

describe('a bundle in Rekor, where the root', () => {
  it.each<[string, Way, RootParts, boolean]>([
    ['lists another log', BUNDLE, { logs: [2], stamps: false }, false],
    ['lists a second log that it is not in', BUNDLE, { logs: [1, 2], stamps: false }, true],
    ['lists an authority for time stamps that stamped nothing', BUNDLE, { logs: [1] }, true],
    ['lists no log of certificates', BUNDLE, { logs: [1], stamps: false, certificates: false }, false],
    ['lists another log, beside a time stamp', STAMPED, { logs: [2] }, false],
    ['lists neither log nor stamps of it', STAMPED, { logs: [2], stamps: false }, false],
  ])('%s', async (_, way, parts, signed) => {
    const image = await freshImage('referrers');
    await sign(image, way);
    const trusted = { root: await sigstore.root(parts) };
    expect([await theirs(image, way, trusted), (await ours(image, trusted)).status === 'shown']).toEqual([
      signed,
      signed,
    ]);
  });
});

it('the bundle of one image is none of another', async () => {
  const [signed, other] = [await freshImage('referrers'), await freshImage('referrers')];
  await sign(signed, BUNDLE);
  const [name = '', digest = ''] = other.split('@');
  await pushReferrer(name, digest, await bundleOf(signed), false);
  const trusted = { root: await sigstore.root({ logs: [1], stamps: false }) };
  expect([await theirs(other, BUNDLE, trusted), (await ours(other, trusted)).status]).toEqual([false, 'missing']);
});

it.each<[string, Partial<Build>, string]>([
  ["the forge's merge of the head", { sha: MERGE, ref: 'refs/pull/7/merge' }, 'shown'],
  ['the merge of another pull request', { sha: MERGE, ref: 'refs/pull/8/merge' }, 'wrong'],
  ['another commit', { sha: 'c'.repeat(40) }, 'wrong'],
  ['another repository', { repository: 'acme/other', repositoryId: 43 }, 'wrong'],
  ['another repository of the same name', { repositoryId: 43 }, 'wrong'],
])('built from %s, by its certificate', async (_, build, status) => {
  const image = await freshImage('referrers');
  await sign(image, BUNDLE, { ...BUILD, ...build });
  const trusted = { root: await sigstore.root({ logs: [1], stamps: false }) };
  expect(await ours(image, trusted)).toMatchObject({ status: 'shown' });
  expect(await ours(image, trusted, 'provenance')).toMatchObject({ status });
});
