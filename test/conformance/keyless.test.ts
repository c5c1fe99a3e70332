import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRegistries } from '../../lib/evidence/registry/open.ts';
import { createTrust } from '../../lib/evidence/signatures/trust.ts';
import { createVerifier } from '../../lib/evidence/verify-image.ts';
import { type ImageReference, parseImage } from '../../lib/model/image.ts';
import { Authority } from '../evidence/authority.ts';
import { statement } from '../evidence/signing.ts';
import { platform } from '../support/inputs.ts';
import { judge } from './judges.ts';
import { run, tryRun } from './run.ts';
import type { Build, GitLabJob } from './support/identity-provider.ts';
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
const SIGNER = `https://github.com/${WORKFLOW}`;
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

async function sign(image: string, way: Way, token = sigstore.provider.token(BUILD)): Promise<void> {
  const args = ['sign', '--yes', `--identity-token=${token}`, ...(await told(way)), image];
  await run(cosign, args, { cwd: folder, env: { HOME: folder } });
}

/** Whose signatures count, and by which root. */
interface Trusted {
  readonly root: string;
  /** @default that of the workflow */
  readonly signer?: string;
  readonly issuer?: string;
}

async function theirs(image: string, { layout, log, stamps }: Way, trusted: Trusted): Promise<boolean> {
  const { root, signer = SIGNER, issuer = sigstore.provider.issuer } = trusted;
  writeFileSync(join(folder, 'root.json'), root);
  const who = [`--certificate-identity=${signer}`, `--certificate-oidc-issuer=${issuer}`];
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
  const { root, signer = SIGNER, issuer = sigstore.provider.issuer } = trusted;
  const { evidence } = platform(
    `evidence: { require: [${demand}], trustedRoots: [trust/root.json], identities: [{ issuer: "${issuer}", subject: "${signer}" }] }`,
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
      await compare({ root, signer: `${SIGNER}-evil` }, false);
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
  await sign(image, BUNDLE, sigstore.provider.token({ ...BUILD, ...build }));
  const trusted = { root: await sigstore.root({ logs: [1], stamps: false }) };
  expect(await ours(image, trusted)).toMatchObject({ status: 'shown' });
  expect(await ours(image, trusted, 'provenance')).toMatchObject({ status });
});

describe('signed in GitLab CI', () => {
  const JOB: GitLabJob = { project: 'acme/shop', projectId: 42, sha: HEAD, branch: 'new-look' };
  const CONFIG = 'https://gitlab.com/acme/shop//.gitlab-ci.yml@refs/heads/';

  it.each(WAYS)('$name is what cosign says that it is', async (way) => {
    const image = await freshImage('referrers');
    const root = await sigstore.root(way.needs);
    const { issuer } = sigstore.gitLab;
    await sign(image, way, sigstore.gitLab.gitLabToken(JOB));
    for (const [trusted, signed] of [
      [{ root, issuer, signer: `${CONFIG}new-look` }, true],
      [{ root, issuer, signer: `${CONFIG}main` }, false],
      [{ root, signer: `${CONFIG}new-look` }, false],
    ] as const) {
      expect([await theirs(image, way, trusted), (await ours(image, trusted)).status === 'shown']).toEqual([
        signed,
        signed,
      ]);
    }
    expect(await ours(image, { root, issuer, signer: `${CONFIG}*` }, 'provenance')).toMatchObject({ status: 'shown' });
  });

  it.each<[string, Partial<GitLabJob>]>([
    ['another commit', { sha: 'c'.repeat(40) }],
    ['another project', { project: 'acme/other', projectId: 43 }],
    ['another project of the same name', { projectId: 43 }],
  ])('built from %s, by its certificate', async (_, job) => {
    const image = await freshImage('referrers');
    await sign(image, BUNDLE, sigstore.gitLab.gitLabToken({ ...JOB, ...job }));
    const root = await sigstore.root({ logs: [1], stamps: false });
    const signer = `https://gitlab.com/${job.project ?? JOB.project}//.gitlab-ci.yml@refs/heads/*`;
    const trusted = { root, issuer: sigstore.gitLab.issuer, signer };
    expect(await ours(image, trusted)).toMatchObject({ status: 'shown' });
    expect(await ours(image, trusted, 'provenance')).toMatchObject({ status: 'wrong' });
  });
});

describe('a time stamp of the real authority proves a signature only', () => {
  const HOUR = 3600;
  const now = Math.floor(Date.now() / 1000);

  it.each<[string, readonly [number, number], boolean]>([
    ['within the validity of its certificate', [now - 60, now + HOUR], true],
    ['not after it', [now - 2 * HOUR, now - HOUR], false],
    ['not before it', [now + HOUR, now + 2 * HOUR], false],
  ])('%s', async (_, valid, signed) => {
    const image = await freshImage('referrers');
    const [name = '', digest = ''] = image.split('@');
    const authority = new Authority(now);
    const holder = { issuer: sigstore.provider.issuer, subject: SIGNER, logged: 'ours', valid } as const;
    const stamp = (signature: Buffer) => sigstore.stamp(signature);
    await pushReferrer(name, digest, await authority.stamped(statement({ subject: digest }), holder, stamp), false);
    const { timestampAuthorities } = JSON.parse(await sigstore.root()) as Root;
    const own = JSON.parse(authority.root({ log: false, certificateLog: true })) as Root;
    const trusted = { root: JSON.stringify({ ...own, timestampAuthorities }) };
    const way: Way = { layout: 'bundle', log: null, stamps: true };
    expect([await theirs(image, way, trusted), (await ours(image, trusted)).status === 'shown']).toEqual([
      signed,
      signed,
    ]);
  });
});

/** The parts of a trusted root that have a validity of their own. */
type Part = 'certificateAuthorities' | 'timestampAuthorities' | 'tlogs' | 'ctlogs';
interface Entry {
  readonly validFor?: object;
  readonly publicKey?: { readonly validFor?: object };
}
type Root = Record<Part, readonly Entry[]>;

describe('a trusted root with several of a kind, of which', () => {
  const day = 86_400_000;
  const at = (days: number) => new Date(Date.now() + days * day).toISOString();
  const OVER = { start: at(-2), end: at(-1) };
  const LATER = { start: at(1) };
  const NOW = { start: at(-1), end: at(1) };
  const during = (entry: Entry, validFor: object): Entry =>
    entry.publicKey === undefined ? { ...entry, validFor } : { ...entry, publicKey: { ...entry.publicKey, validFor } };
  const PARTS: readonly Part[] = ['certificateAuthorities', 'timestampAuthorities', 'tlogs', 'ctlogs'];
  const WINDOWS: readonly [string, readonly object[], boolean][] = [
    ['the right one is over', [OVER], false],
    ['the right one begins later', [LATER], false],
    ['the right one is over and valid again', [OVER, NOW], true],
    ['the right one is listed twice', [NOW, NOW], true],
    ['the right one is valid, and was before', [NOW, OVER], true],
  ];
  const cases = PARTS.flatMap((part) => WINDOWS.map((window) => [part, ...window] as const));
  const way: Way = { layout: 'bundle', log: 1, stamps: true };
  let image: string;
  beforeAll(async () => {
    image = await freshImage('referrers');
    await sign(image, way);
  });

  it.each(cases)('%s: %s', async (part, name, windows, signed) => {
    const right = JSON.parse(await sigstore.root({ logs: [1] })) as Root;
    const foreign = JSON.parse(new Authority(Math.floor(Date.now() / 1000)).root({ certificateLog: true })) as Root;
    const entries = windows.map((window) => during(right[part][0]!, window));
    const trusted = { root: JSON.stringify({ ...right, [part]: [...foreign[part], ...entries] }) };
    expect((await ours(image, trusted)).status === 'shown').toBe(signed);
    // cosign keeps one entry for each key of a log, the last: such a root loses what was valid before.
    const isLost = part.endsWith('logs') && name.endsWith('was before');
    expect(await theirs(image, way, trusted)).toBe(signed && !isLost);
  });
});

describe('an index in an index', () => {
  it('is signed by its own digest alone', async () => {
    const [child, other] = [await freshImage('referrers'), await freshImage('referrers')];
    const name = `${registries.hosts.referrers}/acme/nested${++count}`;
    const digestOf = async (tag: string) => `${name}@${(await run(crane, ['digest', `${name}:${tag}`])).trim()}`;
    await run(crane, ['index', 'append', `--manifest=${child}`, `--manifest=${other}`, `--tag=${name}:inner`]);
    const inner = await digestOf('inner');
    await run(crane, ['index', 'append', `--manifest=${inner}`, '--flatten=false', `--tag=${name}:outer`]);
    const outer = await digestOf('outer');
    const trusted = { root: await sigstore.root({ logs: [1], stamps: false }) };
    const compare = async (image: string, signed: boolean) =>
      expect([await theirs(image, BUNDLE, trusted), (await ours(image, trusted)).status === 'shown']).toEqual([
        signed,
        signed,
      ]);
    await sign(inner, BUNDLE);
    await compare(inner, true);
    await compare(outer, false);
    await sign(outer, BUNDLE);
    await compare(outer, true);
  });
});
