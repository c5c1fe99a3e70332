import { describe, expect, test } from 'vitest';
import type { Demand } from '../../lib/evidence/evaluate/verdict.ts';
import { RegistryClient } from '../../lib/evidence/registry/client.ts';
import { nodeExchange } from '../../lib/evidence/registry/exchange.ts';
import { createTrust } from '../../lib/evidence/signatures/trust.ts';
import { createVerifier, type ParentsOf } from '../../lib/evidence/verify-image.ts';
import { type ImageReference, parseImage } from '../../lib/model/image.ts';
import { platform } from '../support/inputs.ts';
import { type Descriptor, problem, sha256, TestRegistry } from './registry-server.ts';
import * as signing from './signing.ts';

const NOW = Date.UTC(2026, 10, 24, 8) / 1000;
const HEAD = 'a1b2c3d'.padEnd(40, '0');
const MERGE = 'd4e5f60'.padEnd(40, '1');
const KEY = signing.keyPair();
const STRANGER = signing.keyPair();

/** A registry with one image, what is put beside it, and a platform that trusts {@link KEY}. */
class Scene implements AsyncDisposable {
  readonly digest: string;
  parents: ParentsOf = async () => [];

  readonly registry: TestRegistry;

  private constructor(registry: TestRegistry) {
    this.registry = registry;
    this.digest = registry.image('acme/shop');
  }

  static async start(referrersApi = true): Promise<Scene> {
    return new Scene(await TestRegistry.start({ referrersApi }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.registry[Symbol.asyncDispose]();
  }

  /** A statement about the image, signed by the key that counts. */
  attach(predicateType = signing.SIGN_V1, predicate: unknown = {}, key = KEY, subject = this.digest): void {
    signing.attach(this.registry, 'acme/shop', { subject, predicateType, predicate }, key);
  }

  /** A layer of any bytes that refers to the image. */
  attachRaw(bytes: string, mediaType = signing.BUNDLE): Descriptor {
    return this.registry.refer('acme/shop', this.digest, [this.registry.blob('acme/shop', bytes, mediaType)]);
  }

  async verify(demand: Demand, settings = '') {
    const keys = `keys: [${JSON.stringify(KEY.pem)}]`;
    const extra = settings === '' ? '' : `, ${settings}`;
    const { evidence } = platform(`evidence: { require: [${demand}], ${keys}${extra} }`);
    const policy = { settings: evidence, trust: createTrust(evidence, new Map(), NOW) };
    const network = { exchange: nodeExchange, clock: () => NOW, sleep: async () => {} };
    const client = new RegistryClient({ credentials: async () => undefined, network });
    const image = parseImage(`${this.registry.host}/acme/shop:v1`) as ImageReference;
    const subject = { repositoryId: 42, repository: 'acme/shop', number: 7, head: HEAD };
    const verifier = createVerifier(client, () => NOW);
    const verified = await verifier.verify(image, this.digest, policy, subject, this.parents);
    if (verified.status === 'unknown') return verified;
    return { ...verified.verdicts[demand], ...(verified.worst === undefined ? {} : { worst: verified.worst }) };
  }
}

const says = (status: string, sentence: string) => ({ status, sentence: expect.stringContaining(sentence) });

describe('evidence that is stored in an unusual way', () => {
  const named = (digest: string) => `"subject":[{"digest":{"sha256":"${digest.slice(7)}"}}]`;

  test.each<[string, (digest: string) => string]>([
    [
      'a statement with a member twice',
      (d) => signing.bundle(signing.statement({ subject: sha256('other') }).replace(/}$/, `,${named(d)}}`), KEY),
    ],
    [
      'a bundle of a version to come',
      (d) => signing.bundle(signing.statement({ subject: d }), KEY).replace('bundle.v0.3', 'bundle.v0.4'),
    ],
  ])('%s is none', async (_, make) => {
    await using scene = await Scene.start();
    scene.attachRaw(make(scene.digest));
    expect(await scene.verify('signature')).toMatchObject({ status: 'missing' });
  });

  test('a bundle that is not alone in its manifest is none', async () => {
    await using scene = await Scene.start();
    const { registry, digest } = scene;
    const [ours, other] = [KEY, STRANGER].map((key) => signing.bundle(signing.statement({ subject: digest }), key));
    const layers = [ours!, other!].map((text) => registry.blob('acme/shop', text, signing.BUNDLE));
    registry.refer('acme/shop', digest, layers);
    expect(await scene.verify('signature')).toMatchObject({ status: 'missing' });
  });
});

describe('a signature', () => {
  test.each([true, false])('of a bundle counts, with the referrers API: %s', async (api) => {
    await using scene = await Scene.start(api);
    expect(await scene.verify('signature')).toEqual(says('missing', 'has no signature'));
    scene.attach();
    expect(await scene.verify('signature')).toEqual(says('shown', 'key 1'));
  });

  test('of the older layout counts', async () => {
    await using scene = await Scene.start();
    signing.attachSimple(scene.registry, 'acme/shop', scene.digest, KEY);
    expect(await scene.verify('signature')).toMatchObject({ status: 'shown' });
  });

  test('by a stranger is no signature, and says so', async () => {
    await using scene = await Scene.start();
    scene.attach(signing.SIGN_V1, {}, STRANGER);
    expect(await scene.verify('signature')).toEqual(says('wrong', 'is not by a trusted key'));
    signing.attachSimple(scene.registry, 'acme/shop', scene.digest, STRANGER);
    expect(await scene.verify('signature')).toMatchObject({ status: 'wrong' });
  });

  test('is not hurt by a foreign one, in either layout', async () => {
    await using scene = await Scene.start();
    scene.attach(signing.SIGN_V1, {}, STRANGER);
    scene.attachRaw('{}');
    signing.attachSimple(scene.registry, 'acme/shop', scene.digest, KEY);
    expect(await scene.verify('signature')).toMatchObject({ status: 'shown' });
  });

  test('of another image is none of this one', async () => {
    await using scene = await Scene.start();
    const other = sha256('other');
    const { registry, digest } = scene;
    const payload = signing.statement({ subject: other });
    registry.refer('acme/shop', digest, [registry.blob('acme/shop', signing.bundle(payload, KEY), signing.BUNDLE)]);
    signing.attachSimple(registry, 'acme/shop', digest, KEY, other);
    expect(await scene.verify('signature')).toMatchObject({ status: 'missing' });
  });

  test.each([
    'https://spdx.dev/Document',
    'https://slsa.dev/provenance/v1',
    'https://cosign.sigstore.dev/attestation/v1',
    'https://sigstore.dev/cosign/sign/v2',
  ])('is not what %s is', async (predicateType) => {
    await using scene = await Scene.start();
    scene.attach(predicateType, { packages: [] });
    expect(await scene.verify('signature')).toEqual(says('missing', 'only statements about it'));
  });

  test.each<[string, (bundle: string) => string]>([
    ['cut short', (text) => text.slice(0, -9)],
    ['with another payload', (text) => text.replace(/"payload":"[^"]+"/, `"payload":"${payload()}"`)],
    ['with a bit turned', (text) => text.replace(/"sig":"M/, '"sig":"N')],
    ['without a signature', (text) => text.replace(/"signatures":\[[^\]]*\]/, '"signatures":[]')],
    [
      'with a certificate that is none',
      (text) => text.replace(/"publicKey":\{[^}]*\}/, '"certificate":{"rawBytes":"AAAA"}'),
    ],
    ['with nested DER', (text) => text.replace(/"publicKey":\{[^}]*\}/, `"certificate":{"rawBytes":"${nested()}"}`)],
    ['of another version', (text) => text.replace('bundle.v0.3', 'bundle.v9')],
    ['that is null', () => 'null'],
    ['that nests without an end', () => '['.repeat(100_000)],
  ])('%s is none, and breaks nothing', async (_, change) => {
    await using scene = await Scene.start();
    scene.attachRaw(change(signing.bundle(signing.statement({ subject: scene.digest }), KEY)));
    const verdict = await scene.verify('signature');
    expect(['missing', 'wrong']).toContain(verdict.status);
    scene.attach();
    expect(await scene.verify('signature')).toMatchObject({ status: 'shown' });
  });

  const payload = () => Buffer.from(signing.statement({ subject: sha256('other') })).toString('base64');

  test('is unknown, not missing, where the registry does not give all that it lists', async () => {
    await using scene = await Scene.start();
    scene.attach();
    scene.registry.fault = ({ url, headers }, response) =>
      url?.includes('/blobs/') && headers.authorization ? response.writeHead(503).end() : 'pass';
    expect(await scene.verify('signature')).toMatchObject({
      status: 'unknown',
      reason: expect.stringContaining('503'),
    });
  });

  test.each<[string, number, string, string]>([
    ['a login that does not count any more', 403, 'DENIED', 'unknown'],
    ['a repository that is hidden by now', 404, 'NAME_UNKNOWN', 'unknown'],
    ['a registry with words of its own', 404, 'NOT_FOUND', 'missing'],
  ])('is with %s not taken for removed', async (_, status, code, verdict) => {
    await using scene = await Scene.start();
    scene.attach();
    scene.registry.fault = ({ headers }, response) =>
      headers.authorization ? problem(response, code, status) : 'pass';
    expect(await scene.verify('signature')).toMatchObject({ status: verdict });
  });

  test('is unknown where more bytes are signed than anybody needs', async () => {
    await using scene = await Scene.start();
    scene.attach();
    for (let i = 0; i < 3; i++) scene.attachRaw(String(i).repeat(24 * 1024 * 1024));
    scene.registry.requests.length = 0;
    expect(await scene.verify('signature')).toEqual({
      status: 'unknown',
      reason: expect.stringMatching(/^the evidence for the image has \d+ bytes/),
    });
    expect(scene.registry.requests.filter((request) => request.includes('/blobs/'))).toEqual([]);
  });

  test('is unknown where more is signed than anybody needs', async () => {
    await using scene = await Scene.start();
    scene.attach();
    for (let i = 0; i < 101; i++) scene.attachRaw(`{"foreign":${i}}`);
    expect(await scene.verify('signature')).toMatchObject({ status: 'unknown' });
  });
});

/** Certificates inside each other, deeper than a careless parser goes. */
function nested(): string {
  let der = Buffer.alloc(0);
  for (let i = 0; i < 20_000; i++) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(der.length);
    der = Buffer.concat([Buffer.from([0x30, 0x84]), length, der]);
    if (der.length > 60_000) break;
  }
  return der.toString('base64');
}

describe('the list of parts', () => {
  const SPDX = 'https://spdx.dev/Document';
  const spdx = (...packages: object[]) => ({ spdxVersion: 'SPDX-2.3', packages });
  const image = { name: 'shop', primaryPackagePurpose: 'CONTAINER' };

  test.each<[string, string, unknown, string]>([
    ['SPDX', SPDX, spdx({ name: 'openssl' }), 'shown'],
    ["SPDX by GitHub's type", `${SPDX}/v2.3`, spdx({ name: 'openssl' }), 'shown'],
    ['CycloneDX', 'https://cyclonedx.org/bom', { bomFormat: 'CycloneDX', components: [{ name: 'zlib' }] }, 'shown'],
    ['SPDX 2.2 with a nameless package', SPDX, { spdxVersion: 'SPDX-2.2', packages: [{}, { name: 'zlib' }] }, 'shown'],
    ['SPDX whose packages have no names', SPDX, spdx({}, { name: '' }), 'wrong'],
    [
      'CycloneDX whose parts are nothing',
      'https://cyclonedx.org/bom',
      { bomFormat: 'CycloneDX', components: [null, {}] },
      'wrong',
    ],
    ['SPDX 3', SPDX, { '@context': 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld', '@graph': [] }, 'wrong'],
    ['CycloneDX as XML', 'https://cyclonedx.org/bom', '<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>', 'wrong'],
    ['SPDX that names the image alone', SPDX, spdx(image), 'wrong'],
    ['CycloneDX without parts', 'https://cyclonedx.org/bom', { bomFormat: 'CycloneDX' }, 'wrong'],
    ['a text', SPDX, 'SPDXVersion: SPDX-2.3', 'wrong'],
    ['nothing', SPDX, null, 'wrong'],
    ['another type', 'https://example.com/sbom', spdx({ name: 'openssl' }), 'missing'],
    ['a type that begins alike', `${SPDX}s`, spdx({ name: 'openssl' }), 'missing'],
  ])('%s: %s', async (_, type, predicate, status) => {
    await using scene = await Scene.start();
    scene.attach(type, predicate);
    expect(await scene.verify('sbom')).toMatchObject({ status });
  });

  test.each(['/v2.2', '/v2.4'])(
    'of the type %s counts only where no verifier in the cluster reads it',
    async (version) => {
      await using scene = await Scene.start();
      const inCluster = 'admission: signatures';
      scene.attach(`${SPDX}${version}`, spdx({ name: 'openssl' }));
      expect(await scene.verify('sbom')).toMatchObject({ status: 'shown' });
      expect(await scene.verify('sbom', inCluster)).toEqual(says('wrong', 'is not one that this cluster reads'));
      expect(await scene.verify('sbom', `${inCluster}, verifier: policy-controller`)).toMatchObject({
        status: 'shown',
      });
      scene.attach(SPDX, spdx({ name: 'openssl' }));
      expect(await scene.verify('sbom', inCluster)).toMatchObject({ status: 'shown' });
    },
  );

  test('by a stranger is none', async () => {
    await using scene = await Scene.start();
    scene.attach(SPDX, spdx({ name: 'openssl' }), STRANGER);
    expect(await scene.verify('sbom')).toEqual(
      says('missing', 'there is one, but its signature is not by a trusted key'),
    );
  });
});

describe('where it was built from', () => {
  const SLSA = 'https://slsa.dev/provenance/v1';
  const slsa = (uri: string, gitCommit: string, repository_id?: string) => ({
    buildDefinition: {
      internalParameters: { github: { repository_id } },
      resolvedDependencies: [{ uri, digest: { gitCommit } }],
    },
  });
  const OURS = 'git+https://github.com/acme/shop@refs/heads/new-look';

  test.each<[string, unknown, string, string]>([
    ['this head', slsa(OURS, HEAD, '42'), 'shown', 'a1b2c3d of acme/shop'],
    ['this head, without an id', slsa('git+https://github.com/Acme/Shop.git', HEAD), 'shown', 'a1b2c3d'],
    ['another commit', slsa(OURS, 'f'.repeat(40), '42'), 'wrong', 'fffffff, and this pull request is at a1b2c3d'],
    ['another repository', slsa('git+https://github.com/acme/blog@refs/heads/main', HEAD), 'wrong', 'from acme/blog'],
    [
      'one that has its name now',
      slsa(OURS, HEAD, '43'),
      'wrong',
      'from another repository called acme/shop, not from',
    ],
    ['a name that begins alike', slsa('git+https://github.com/acme/shop-evil', HEAD), 'wrong', 'from acme/shop-evil'],
    ['nowhere', { buildDefinition: {} }, 'missing', 'Nothing shows'],
    ['no provenance', null, 'missing', 'Nothing shows'],
  ])('%s', async (_, predicate, status, sentence) => {
    await using scene = await Scene.start();
    scene.attach(SLSA, predicate);
    expect(await scene.verify('provenance')).toEqual(says(status, sentence));
  });

  const ref = 'git+https://github.com/acme/shop@refs/pull/7/merge';
  test.each<[string, string, readonly string[], string]>([
    ['its merge commit', ref, ['0'.repeat(40), HEAD], 'shown'],
    ['a merge commit of an earlier push', ref, ['0'.repeat(40), 'b'.repeat(40)], 'wrong'],
    ['a commit on top of it', ref, [HEAD], 'wrong'],
    ['a merge of it into something else', ref, [HEAD, '0'.repeat(40)], 'wrong'],
    ['a merge that somebody pushed', OURS, ['0'.repeat(40), HEAD], 'wrong'],
    ['a merge of another pull request', ref.replace('7', '8'), ['0'.repeat(40), HEAD], 'wrong'],
  ])('%s', async (_, uri, parents, status) => {
    await using scene = await Scene.start();
    scene.attach(SLSA, slsa(uri, MERGE));
    scene.parents = async (commit) => (commit === MERGE ? parents : []);
    expect(await scene.verify('provenance')).toMatchObject({ status });
  });

  test('is unknown where nobody knows the commit', async () => {
    await using scene = await Scene.start();
    scene.attach(SLSA, slsa(ref, MERGE));
    scene.parents = async () => null;
    expect(await scene.verify('provenance')).toMatchObject({ status: 'unknown' });
  });
});

describe('known vulnerabilities', () => {
  const VULN = 'https://cosign.sigstore.dev/attestation/vuln/v1';
  const at = (hours: number) => new Date((NOW + hours * 3600) * 1000).toISOString();
  const hole = (Severity: string, more = {}) => ({
    VulnerabilityID: `CVE-2026-${Severity}`,
    PkgName: 'openssl',
    InstalledVersion: '3.0.1',
    FixedVersion: '3.0.7',
    Severity,
    ...more,
  });
  const trivy = (holes: object[], more = {}) => ({
    SchemaVersion: 2,
    CreatedAt: at(-1),
    ArtifactType: 'container_image',
    Results: [{ Target: 'debian', Vulnerabilities: holes }],
    ...more,
  });
  const grype = (severities: string[], more = {}) => ({
    matches: severities.map((severity) => ({
      vulnerability: { id: `CVE-2026-${severity}`, severity, fix: { versions: ['1.3'] } },
      artifact: { name: 'zlib', version: '1.2' },
    })),
    source: { type: 'image' },
    descriptor: { name: 'grype', timestamp: at(-1) },
    ...more,
  });
  const record = (result: unknown, finished = at(-1)) => ({
    scanner: { uri: 'trivy', result },
    metadata: { scanStartedOn: at(-1), scanFinishedOn: finished },
  });

  async function verdict(predicates: readonly [string, unknown][], settings = '') {
    await using scene = await Scene.start();
    for (const [type, predicate] of predicates) scene.attach(type, predicate);
    return await scene.verify('vulnerabilities', settings);
  }

  test.each<[string, unknown, string, string]>([
    ['Trivy, none', trivy([]), 'shown', 'none'],
    [
      'Trivy, none in what it knows',
      trivy([], { Results: [{ Class: 'os-pkgs' }, { Class: 'secret' }] }),
      'shown',
      'none',
    ],
    ['Trivy, one below', trivy([hole('HIGH')]), 'shown', 'high'],
    ['Trivy, one too many', trivy([hole('LOW'), hole('CRITICAL')]), 'wrong', 'critical'],
    ['Grype, none', grype([]), 'shown', 'none'],
    ['Grype, one below', grype(['Negligible', 'Medium']), 'shown', 'medium'],
    ['Grype, one too many', grype(['Critical']), 'wrong', 'critical'],
    [
      'one that an ignore file hides, Trivy',
      trivy([], { Results: [{ ExperimentalModifiedFindings: [{ Finding: hole('CRITICAL') }] }] }),
      'wrong',
      'critical',
    ],
    ['one that a rule hides, Grype', grype([], { ignoredMatches: grype(['Critical']).matches }), 'wrong', 'critical'],
  ])('%s', async (_, report, status, worst) => {
    expect(await verdict([[VULN, record(report)]])).toMatchObject({ status, worst });
    expect(await verdict([['https://example.com/scan', report]])).toMatchObject({ status, worst });
  });

  test('are told in words: what, and which version mends it', async () => {
    const holes = [
      hole('CRITICAL', { VulnerabilityID: 'CVE-2026-9', PkgName: 'zlib', InstalledVersion: '1.2', FixedVersion: '' }),
      hole('CRITICAL', { VulnerabilityID: 'CVE-2026-1' }),
      hole('LOW'),
    ];
    expect(await verdict([[VULN, record(trivy(holes))]])).toEqual({
      status: 'wrong',
      worst: 'critical',
      sentence:
        'The image has 2 critical vulnerabilities: openssl 3.0.1 is fixed in 3.0.7 (CVE-2026-1), zlib 1.2 has no fix yet (CVE-2026-9); update them, or what your Dockerfile builds FROM, and push',
    });
  });

  test.each<[string, [string, unknown][]]>([
    ['nothing', []],
    [
      'an empty record',
      [[VULN, { invocation: {}, scanner: { result: null }, metadata: { scanFinishedOn: '0001-01-01T00:00:00Z' } }]],
    ],
    ['a record of null', [[VULN, null]]],
    ['an empty result', [[VULN, record({})]]],
    ['a result of Trivy without results', [[VULN, record(trivy([], { Results: [] }))]]],
    ['a scan for secrets', [[VULN, record(trivy([], { Results: [{ Class: 'secret', Secrets: [{}] }] }))]]],
    ['a scan for licences', [[VULN, record(trivy([], { Results: [{ Class: 'license', Vulnerabilities: [] }] }))]]],
    ['a result that says nothing', [[VULN, record(trivy([], { Results: [{ Target: 'debian' }] }))]]],
    ['a report with a local time', [[VULN, record(trivy([], { CreatedAt: at(-1).slice(0, 19) }))]]],
    ['a record with a local time', [[VULN, record(trivy([]), at(-1).slice(0, 19))]]],
    ['a scan of a folder', [[VULN, record(trivy([], { ArtifactType: 'filesystem' }))]]],
    ['a scan of a folder by Grype', [[VULN, record(grype([], { source: { type: 'directory' } }))]]],
    ['a record without an end', [[VULN, record(trivy([]), '')]]],
    ['a record of the year one', [[VULN, record(trivy([]), '0001-01-01T00:00:00Z')]]],
    ['a report without an end', [[VULN, record(trivy([], { CreatedAt: '' }))]]],
    ['a record of the future', [[VULN, record(trivy([]), at(2))]]],
    ['a report of the future', [[VULN, record(trivy([], { CreatedAt: at(2) }))]]],
    ['another scanner', [[VULN, record({ vulnerabilities: [] })]]],
  ])('%s is no scan that found none', async (_, predicates) => {
    expect(await verdict(predicates)).toMatchObject({ status: 'missing' });
  });

  test('the newest report counts, whatever the registry puts first', async () => {
    const old: [string, unknown] = [VULN, record(trivy([], { CreatedAt: at(-3) }), at(-3))];
    const fresh: [string, unknown] = [VULN, record(trivy([hole('CRITICAL')], { CreatedAt: at(-2) }), at(-2))];
    const empty: [string, unknown] = [VULN, record({}, at(-1))];
    for (const order of [
      [old, fresh, empty],
      [empty, fresh, old],
      [fresh, old],
    ]) {
      expect(await verdict(order)).toMatchObject({ status: 'wrong', worst: 'critical' });
    }
  });

  test('of reports that ended in the same second all count, in any order', async () => {
    const [good, bad] = [trivy([]), grype(['Critical'], { descriptor: { name: 'grype', timestamp: at(-1) } })];
    for (const order of [
      [good, bad],
      [bad, good],
    ]) {
      const reports = order.map((report): [string, unknown] => [VULN, record({ ...report, CreatedAt: at(-1) })]);
      expect(await verdict(reports)).toMatchObject({ status: 'wrong', worst: 'critical' });
    }
  });

  test.each(['CRITICAL', 'critical', 'Critical ', '\tcritical'])('a severity is read as %j', async (severity) => {
    expect(await verdict([[VULN, record(trivy([hole(severity)]))]])).toMatchObject({ status: 'wrong' });
  });

  test('a report grows old', async () => {
    const report: [string, unknown] = [VULN, record(trivy([], { CreatedAt: at(-48) }), at(-48))];
    expect(await verdict([report], 'reportAge: 2d')).toMatchObject({ status: 'shown' });
    expect(await verdict([report], 'reportAge: 47h')).toEqual(says('wrong', 'last scanned 2026-11-22T08:00:00Z'));
  });

  test.each([
    ['high', 'unknownSeverity: high', 'wrong'],
    ['high', 'unknownSeverity: medium', 'shown'],
    ['critical', 'unknownSeverity: high', 'shown'],
  ])('from %s up, an unrated one with %s: %s', async (threshold, setting, status) => {
    const settings = `vulnerabilities: ${threshold}, ${setting}`;
    expect(await verdict([[VULN, record(trivy([hole('UNKNOWN')]))]], settings)).toMatchObject({ status });
    expect(await verdict([[VULN, record(grype(['']))]], settings)).toMatchObject({ status });
  });

  test('a system without updates is refused, unless the platform lets it pass', async () => {
    const report = trivy([], { Metadata: { OS: { Family: 'debian', EOSL: true } } });
    expect(await verdict([[VULN, record(report)]])).toEqual({ ...says('wrong', 'no security updates'), worst: 'none' });
    expect(await verdict([[VULN, record(report)]], 'endOfLife: pass')).toMatchObject({ status: 'shown' });
  });

  test.each([
    ['this id', '{ id: cve-2026-critical, reason: not reached, until: 2026-11-24 }', 'shown'],
    [
      'this id in this package',
      '{ id: CVE-2026-CRITICAL, package: openssl, reason: unreachable code, until: 2026-12-31 }',
      'shown',
    ],
    [
      'this id in another package',
      '{ id: CVE-2026-CRITICAL, package: zlib, reason: unreachable code, until: 2026-12-31 }',
      'wrong',
    ],
    ['another id', '{ id: CVE-2026-CRITICA, reason: unreachable code, until: 2026-12-31 }', 'wrong'],
    ['until yesterday', '{ id: CVE-2026-CRITICAL, reason: unreachable code, until: 2026-11-23 }', 'wrong'],
  ])('an entry that allows %s: %s', async (_, entry, status) => {
    expect(await verdict([[VULN, record(trivy([hole('CRITICAL')]))]], `allow: [${entry}]`)).toMatchObject({ status });
  });

  test('what a stranger scanned is no scan, and does not outdo ours', async () => {
    await using scene = await Scene.start();
    scene.attach(VULN, record(trivy([hole('CRITICAL')]), at(-2)));
    scene.attach(VULN, record(trivy([], { CreatedAt: at(0) }), at(0)), STRANGER);
    expect(await scene.verify('vulnerabilities')).toMatchObject({ status: 'wrong' });
  });
});
