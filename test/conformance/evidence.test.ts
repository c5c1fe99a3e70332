import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRegistries } from '../../lib/evidence/registry/open.ts';
import { createTrust } from '../../lib/evidence/signatures/trust.ts';
import { createVerifier } from '../../lib/evidence/verify-image.ts';
import { type ImageReference, parseImage } from '../../lib/model/image.ts';
import type { PlatformSpec } from '../../lib/model/platform.ts';
import { Authority, type Holder } from '../evidence/authority.ts';
import { BUNDLE as BUNDLE_TYPE, bundle, type KeyPair, keyPair, statement } from '../evidence/signing.ts';
import { platform } from '../support/inputs.ts';
import { judge } from './judges.ts';
import { type CommandResult, run, tryRun } from './run.ts';
import {
  type PushedManifest,
  pushLayer,
  pushReferrer,
  type Registries,
  startRegistries,
} from './support/registries.ts';

type Demand = PlatformSpec['evidence']['require'][number];
type Registry = 'plain' | 'referrers';

const SIGN_V1 = 'https://sigstore.dev/cosign/sign/v1';
const ISSUER = 'https://token.actions.githubusercontent.com';
const WORKFLOW = 'https://github.com/acme/ci/.github/workflows/build.yml@refs/heads/main';
const HEAD = 'a1b2c3d'.padEnd(40, '0');
const BUNDLE = ['--new-bundle-format=true'];
const OLDER = ['--new-bundle-format=false'];
// The public log is out of reach and no part of what is tried.
const OFFLINE = ['--tlog-upload=false', '--use-signing-config=false', '--yes'];

let registries: Registries;
let crane: string;
let folder: string;
let cosign: (...args: readonly string[]) => Promise<CommandResult>;
let keys: Record<'signer' | 'other', string>;
const authority = new Authority(Math.floor(Date.now() / 1000));

beforeAll(async () => {
  crane = await judge('crane');
  const program = await judge('cosign');
  registries = await startRegistries('evidence');
  folder = registries.folder;
  cosign = (...args) => tryRun(program, args, { cwd: folder, env: { HOME: folder, COSIGN_PASSWORD: '' } });
  for (const name of ['signer', 'other']) await cosign('generate-key-pair', `--output-key-prefix=${name}`);
  const read = (name: string) => run('cat', [join(folder, `${name}.pub`)]);
  keys = { signer: await read('signer'), other: await read('other') };
  writeFileSync(join(folder, 'root.json'), authority.root());
  writeFileSync(join(folder, 'logged-root.json'), authority.root({ certificateLog: true }));
});
afterAll(() => registries?.stop());

let count = 0;

/** A fresh image; gives its name by digest. */
async function freshImage(registry: Registry): Promise<string> {
  const name = `${registries.hosts[registry]}/acme/app${++count}`;
  writeFileSync(join(folder, 'layer.tar'), Buffer.alloc(1024));
  await run(crane, ['append', `--new_layer=${join(folder, 'layer.tar')}`, `--new_tag=${name}:1`]);
  return `${name}@${(await run(crane, ['digest', `${name}:1`])).trim()}`;
}

/** Attests these data about an image with the key that counts. */
async function attest(image: string, type: string, data: unknown, layout = BUNDLE, key = 'signer'): Promise<void> {
  const file = join(folder, `predicate-${++count}.json`);
  writeFileSync(file, JSON.stringify(data));
  const args = ['attest', `--key=${key}.key`, `--type=${type}`, `--predicate=${file}`, ...layout, ...OFFLINE, image];
  expect(await cosign(...args)).toMatchObject({ code: 0 });
}

async function sign(image: string, layout = BUNDLE, key = 'signer'): Promise<void> {
  expect(await cosign('sign', `--key=${key}.key`, ...layout, ...OFFLINE, image)).toMatchObject({ code: 0 });
}

const roots = () =>
  new Map([
    ['trust/root.json', authority.root()],
    ['trust/logged-root.json', authority.root({ certificateLog: true })],
  ]);

/** What greenroom says of a demand. */
async function ours(image: string, demand: Demand, settings?: string) {
  const parsed = parseImage(image) as ImageReference;
  const trusted = settings ?? `keys: [${JSON.stringify(keys.signer)}]`;
  const { evidence } = platform(`evidence: { require: [${demand}], ${trusted} }`);
  const trust = createTrust(evidence, roots(), Math.floor(Date.now() / 1000));
  const verifier = createVerifier(openRegistries({ DOCKER_CONFIG: folder }), () => Math.floor(Date.now() / 1000));
  const subject = { repositoryId: 42, repository: 'acme/shop', number: 7, head: HEAD };
  const verified = await verifier.verify(
    parsed,
    parsed.digest!,
    { settings: evidence, trust },
    subject,
    async () => [],
  );
  return verified.status === 'evaluated' ? verified.verdicts[demand]! : verified;
}

/** Whether cosign calls it signed by the key: `verify` alone takes any attestation for a signature. */
async function theirs(image: string): Promise<boolean> {
  const common = ['--key=signer.pub', '--insecure-ignore-tlog=true', image];
  const bundle = await cosign('verify-attestation', `--type=${SIGN_V1}`, ...BUNDLE, ...common);
  const older = await cosign('verify', ...OLDER, ...common);
  return bundle.code === 0 || older.code === 0;
}

describe.each<Registry>(['plain', 'referrers'])('with a key, on a registry: %s', (registry) => {
  it.each<[string, (image: string) => Promise<unknown>, boolean]>([
    ['nothing', async () => {}, false],
    ['a bundle', (image) => sign(image), true],
    ['the older layout', (image) => sign(image, OLDER), true],
    ['a bundle of another key', (image) => sign(image, BUNDLE, 'other'), false],
    ['the older layout of another key', (image) => sign(image, OLDER, 'other'), false],
    ['a list of parts alone', (image) => attest(image, 'spdxjson', { spdxVersion: 'SPDX-2.3', packages: [] }), false],
    ['a list of parts alone, older layout', (image) => attest(image, 'spdxjson', {}, OLDER), false],
    [
      'the older layout beside a foreign bundle',
      (image) => sign(image, OLDER).then(() => sign(image, BUNDLE, 'other')),
      true,
    ],
    ['a bundle beside a foreign one', (image) => sign(image, BUNDLE, 'other').then(() => sign(image)), true],
  ])('%s is what cosign says that it is', async (_, prepare, signed) => {
    const image = await freshImage(registry);
    await prepare(image);
    expect(await theirs(image)).toBe(signed);
    expect((await ours(image, 'signature')).status === 'shown').toBe(signed);
  });

  it('an index is signed when it is, not when its children are', async () => {
    const child = await freshImage(registry);
    const name = child.split('@')[0];
    await sign(child);
    await run(crane, ['index', 'append', `--manifest=${child}`, `--tag=${name}:index`]);
    const index = `${name}@${(await run(crane, ['digest', `${name}:index`])).trim()}`;
    expect([await theirs(index), (await ours(index, 'signature')).status]).toEqual([false, 'missing']);
    await sign(index);
    expect([await theirs(index), (await ours(index, 'signature')).status]).toEqual([true, 'shown']);
  });

  const now = () => new Date().toISOString();
  const record = (holes: readonly object[], at = now()) => ({
    invocation: { uri: '', event_id: '', 'builder.id': '' },
    scanner: {
      uri: 'pkg:github/aquasecurity/trivy',
      version: '0.74.0',
      db: { uri: '', version: '' },
      result: {
        SchemaVersion: 2,
        CreatedAt: at,
        ArtifactType: 'container_image',
        Results: [{ Vulnerabilities: holes }],
      },
    },
    metadata: { scanStartedOn: at, scanFinishedOn: at },
  });
  const HOLE = { VulnerabilityID: 'CVE-2026-1', PkgName: 'openssl', InstalledVersion: '3.0.1', Severity: 'CRITICAL' };

  it.each([
    ['a bundle', BUNDLE],
    ['the older layout', OLDER],
  ])('what cosign attests is read out of %s', async (_, layout) => {
    const image = await freshImage(registry);
    const parts = { spdxVersion: 'SPDX-2.3', SPDXID: 'SPDXRef-DOCUMENT', name: 'app', packages: [{ name: 'openssl' }] };
    await attest(image, 'spdxjson', parts, layout);
    await attest(image, 'vuln', record([]), layout);
    const dependency = { uri: 'git+https://github.com/acme/shop@refs/heads/main', digest: { gitCommit: HEAD } };
    const build = { buildType: 'https://actions.github.io/buildtypes/workflow/v1', externalParameters: {} };
    const run = { builder: { id: 'https://github.com/actions/runner' } };
    const provenance = { buildDefinition: { ...build, resolvedDependencies: [dependency] }, runDetails: run };
    await attest(image, 'slsaprovenance1', provenance, layout);
    for (const demand of ['sbom', 'vulnerabilities', 'provenance'] as const) {
      expect(await ours(image, demand), demand).toMatchObject({ status: 'shown' });
    }
  });

  it.each([[true], [false]])('of two scans the newer counts; the bad one last: %s', async (badLast) => {
    const image = await freshImage(registry);
    const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
    const [good, bad] = badLast
      ? [record([], at(20)), record([HOLE], at(10))]
      : [record([], at(10)), record([HOLE], at(20))];
    for (const scan of badLast ? [bad, good] : [good, bad]) await attest(image, 'vuln', scan);
    expect(await ours(image, 'vulnerabilities')).toMatchObject({ status: badLast ? 'wrong' : 'shown' });
  });

  it('a raw report, which cosign turns into an empty record, is no scan', async () => {
    const image = await freshImage(registry);
    await attest(image, 'vuln', { SchemaVersion: 2, ArtifactType: 'container_image', Results: [] });
    expect(await ours(image, 'vulnerabilities')).toMatchObject({ status: 'missing' });
  });
});

describe.each<Registry>(['plain', 'referrers'])('keyless, on a registry: %s', (registry) => {
  const identities = `identities: [{ issuer: "${ISSUER}", subject: "${WORKFLOW}" }], trustedRoots: [trust/root.json]`;
  const us: Holder = { issuer: ISSUER, subject: WORKFLOW, repositoryId: '42', commit: HEAD };
  const oracle = async (image: string): Promise<boolean> => {
    const who = [`--certificate-identity=${WORKFLOW}`, `--certificate-oidc-issuer=${ISSUER}`];
    const common = [...who, '--trusted-root=root.json', '--insecure-ignore-sct=true', image];
    const bundle = await cosign('verify-attestation', `--type=${SIGN_V1}`, ...BUNDLE, ...common);
    const older = await cosign('verify', ...OLDER, ...common);
    return bundle.code === 0 || older.code === 0;
  };

  it.each<[string, Holder, boolean]>([
    ['the identity', us, true],
    ['another issuer', { ...us, issuer: `${ISSUER}.evil.example` }, false],
    ['a subject with a suffix', { ...us, subject: `${WORKFLOW}-evil` }, false],
    ['a certificate that is not for code', { ...us, usage: '1.3.6.1.5.5.7.3.1' }, false],
  ])('a bundle of %s is what cosign says that it is', async (_, holder, signed) => {
    const image = await freshImage(registry);
    const [name = '', digest = ''] = image.split('@');
    await pushReferrer(name, digest, authority.bundle(statement({ subject: digest }), holder), registry === 'plain');
    expect(await oracle(image)).toBe(signed);
    expect((await ours(image, 'signature', identities)).status === 'shown').toBe(signed);
  });

  it.each<[string, Holder, boolean]>([
    ['our log', { ...us, logged: 'ours' }, true],
    ['the log of a stranger', { ...us, logged: 'stranger' }, false],
    ['our log for another certificate', { ...us, logged: 'other' }, false],
    ['no log', us, false],
  ])(
    'where the root lists a log of certificates, a promise of %s is what cosign says that it is',
    async (_, holder, signed) => {
      const image = await freshImage(registry);
      const [name = '', digest = ''] = image.split('@');
      await pushReferrer(name, digest, authority.bundle(statement({ subject: digest }), holder), registry === 'plain');
      const who = [`--certificate-identity=${WORKFLOW}`, `--certificate-oidc-issuer=${ISSUER}`];
      const args = [...who, '--trusted-root=logged-root.json', image];
      const { code } = await cosign('verify-attestation', `--type=${SIGN_V1}`, ...BUNDLE, ...args);
      expect(code === 0).toBe(signed);
      const settings = identities.replace('root.json', 'logged-root.json');
      expect((await ours(image, 'signature', settings)).status === 'shown').toBe(signed);
    },
  );

  it('the older layout is what cosign says that it is', async () => {
    const image = await freshImage(registry);
    const [name = '', digest = ''] = image.split('@');
    const { payload, annotations } = authority.simple(digest, us);
    await pushLayer(name, `${digest.replace(':', '-')}.sig`, payload, annotations);
    expect(await oracle(image)).toBe(true);
    expect(await ours(image, 'signature', identities)).toMatchObject({ status: 'shown' });
    expect(await ours(image, 'provenance', identities)).toMatchObject({ status: 'shown' });
  });
});

it('a signed image whose tag is moved is not the image that is verified', async () => {
  const image = await freshImage('referrers');
  const [name] = image.split('@');
  await sign(image);
  writeFileSync(join(folder, 'other.tar'), Buffer.alloc(2048));
  await run(crane, ['append', `--new_layer=${join(folder, 'other.tar')}`, `--new_tag=${name}:1`]);
  const moved = `${name}@${(await run(crane, ['digest', `${name}:1`])).trim()}`;
  expect(moved).not.toBe(image);
  expect((await ours(moved, 'signature')).status).toBe('missing');
  expect((await ours(image, 'signature')).status).toBe('shown');
});

/** A bundle that is changed before it is stored. */
interface Editable {
  mediaType: string;
  dsseEnvelope?: { payloadType: string; signatures: unknown[] };
  messageSignature?: object;
}

describe('bundles that cosign would not write', () => {
  const [key, stranger] = [keyPair(), keyPair()];
  const OTHER = statement({ subject: `sha256:${'5'.repeat(64)}` });
  const about = (subject: string) => statement({ subject });
  const signed = (text: string, by = key) => bundle(text, by);
  /** The subjects of a statement, as a member. */
  const member = (text: string, name = 'subject') => `"${name}":${JSON.stringify(JSON.parse(text).subject)}`;
  const envelopeOf = (text: string, by: KeyPair) => (JSON.parse(signed(text, by)) as Editable).dsseEnvelope!;
  const edited = (subject: string, edit: (bundle: Editable) => void) => {
    const data = JSON.parse(signed(about(subject))) as Editable;
    edit(data);
    return JSON.stringify(data);
  };
  const theirs = async (image: string) => {
    writeFileSync(join(folder, 'own.pub'), key.pem);
    const args = ['--key=own.pub', '--insecure-ignore-tlog=true', image];
    return (await cosign('verify-attestation', `--type=${SIGN_V1}`, ...BUNDLE, ...args)).code === 0;
  };

  it.each<[string, (subject: string) => string | PushedManifest, string, boolean]>([
    [
      'of a statement about two images',
      (d) => signed(about(d).replace('[{', `[${member(OTHER).slice(11, -1)},{`)),
      'shown',
      true,
    ],
    ['with subjects twice, ours last', (d) => signed(OTHER.replace(/}$/, `,${member(about(d))}}`)), 'missing', false],
    ['with subjects twice, ours first', (d) => signed(about(d).replace(/}$/, `,${member(OTHER)}}`)), 'missing', false],
    [
      'with subjects in two spellings',
      (d) => signed(OTHER.replace(/}$/, `,${member(about(d), 'Subject')}}`)),
      'missing',
      false,
    ],
    ['with a digest in upper case', (d) => signed(about(`sha256:${d.slice(7).toUpperCase()}`)), 'missing', false],
    [
      'of a type with a slash at its end',
      (d) => signed(statement({ subject: d, predicateType: `${SIGN_V1}/` })),
      'missing',
      false,
    ],
    [
      'of another payload type',
      (d) => edited(d, (b) => Object.assign(b.dsseEnvelope!, { payloadType: 'application/json' })),
      'missing',
      false,
    ],
    [
      'with two signatures, the second ours',
      (d) => edited(d, (b) => b.dsseEnvelope!.signatures.unshift(...envelopeOf(about(d), stranger).signatures)),
      'missing',
      false,
    ],
    [
      'with two signatures, the first ours',
      (d) => edited(d, (b) => b.dsseEnvelope!.signatures.push(...envelopeOf(about(d), stranger).signatures)),
      'missing',
      false,
    ],
    [
      'without a signature',
      (d) => edited(d, (b) => Object.assign(b.dsseEnvelope!, { signatures: [] })),
      'missing',
      false,
    ],
    [
      'of a version to come',
      (d) => edited(d, (b) => Object.assign(b, { mediaType: BUNDLE_TYPE.replace('v0.3', 'v0.9') })),
      'missing',
      false,
    ],
    [
      'after another in the same manifest',
      (d) => ({ layers: [signed(about(d), stranger), signed(about(d))] }),
      'missing',
      false,
    ],
    [
      'before another in the same manifest',
      (d) => ({ layers: [signed(about(d)), signed(about(d), stranger)] }),
      'missing',
      false,
    ],
    [
      'in a layer of a type in upper case',
      (d) => ({ layers: [signed(about(d))], type: BUNDLE_TYPE.toUpperCase() }),
      'missing',
      false,
    ],
    [
      'in a layer of a type with a parameter',
      (d) => ({ layers: [signed(about(d))], type: `${BUNDLE_TYPE}; charset=utf-8` }),
      'missing',
      true,
    ],
    [
      'in a manifest of another artifact type',
      (d) => ({ layers: [signed(about(d))], artifactType: 'application/vnd.example' }),
      'shown',
      true,
    ],
  ])('%s: nothing counts here that does not for cosign', async (_, make, status, isSigned) => {
    const image = await freshImage('referrers');
    const [name = '', digest = ''] = image.split('@');
    await pushReferrer(name, digest, make(digest), false);
    const found = await ours(image, 'signature', `keys: [${JSON.stringify(key.pem)}]`);
    expect([found.status, await theirs(image)]).toEqual([status, isSigned]);
  });
});
