import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatTime } from '../../lib/core/clock.ts';
import { RegistryClient } from '../../lib/evidence/registry/client.ts';
import { nodeExchange } from '../../lib/evidence/registry/exchange.ts';
import { createVerifier } from '../../lib/evidence/verify-image.ts';
import { contentsDigest } from '../../lib/model/record.ts';
import { dayAndTime } from '../../lib/report/text.ts';
import { readBase } from '../../lib/sync/plan/base.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { verifyPreviews } from '../../lib/verify/previews.ts';
import { type Fault, problem, TestRegistry } from '../evidence/registry-server.ts';
import * as signing from '../evidence/signing.ts';
import { commitFiles } from '../support/git.ts';
import { OPENED, platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const KEY = signing.keyPair();
const VULN = 'https://cosign.sigstore.dev/attestation/vuln/v1';
const SLSA = 'https://slsa.dev/provenance/v1';
const DEPLOYMENT = 'previews/main/shop/pr-shop-7/app/deployment.pr-shop-7.yaml';
const FOLDER = 'previews/main/shop/pr-shop-7';
const RECORD = `${FOLDER}/preview.json`;

let registry: TestRegistry;
beforeEach(async () => {
  registry = await TestRegistry.start({ referrersApi: true });
});
afterEach(() => registry[Symbol.asyncDispose]());

const ALL = 'digest, signature, sbom, provenance, vulnerabilities';

function platformOf(require: string, settings = '', key = KEY): string {
  const also = settings === '' ? '' : `, ${settings}`;
  const evidence = `evidence: { require: [${require}], keys: [${JSON.stringify(key.pem)}]${also} }`;
  return platformText(evidence).replace('ghcr.io', registry.host);
}

/** A platform that asks for everything, and a pull request whose image is in a real registry of this machine. */
class Scene extends World {
  readonly digest = registry.image('acme/shop');
  readonly commit: string;

  constructor(require = ALL, settings = '') {
    super(platformOf(require, settings));
    this.commit = this.push('shop', { 'preview.yaml': previewText('', `${registry.host}/acme/shop:v1`) });
    this.pull('shop', 7);
  }

  wait(seconds: number): void {
    this.now += seconds;
  }

  /** The platform changes its settings. */
  configure(settings: string, key = KEY): void {
    commitFiles(this.appsRepo, { 'greenroom.yaml': platformOf(ALL, settings, key) });
  }

  attach(predicateType: string, predicate: unknown, key = KEY): void {
    signing.attach(registry, 'acme/shop', { subject: this.digest, predicateType, predicate }, key);
  }

  /** All that the platform asks for. */
  attachAll(findings: readonly object[] = []): void {
    this.attach(signing.SIGN_V1, {});
    this.attach('https://spdx.dev/Document', { spdxVersion: 'SPDX-2.3', packages: [{ name: 'openssl' }] });
    this.attachProvenance(this.commit);
    this.attachScan(findings);
  }

  attachProvenance(commit: string, ref = 'refs/heads/new-look'): void {
    const dependency = { uri: `git+https://github.com/acme/shop@${ref}`, digest: { gitCommit: commit } };
    this.attach(SLSA, { buildDefinition: { resolvedDependencies: [dependency] } });
  }

  attachScan(Vulnerabilities: readonly object[], at = this.now): void {
    const time = new Date(at * 1000).toISOString();
    const result = {
      SchemaVersion: 2,
      CreatedAt: time,
      ArtifactType: 'container_image',
      Results: [{ Vulnerabilities }],
    };
    this.attach(VULN, { scanner: { result }, metadata: { scanFinishedOn: time } });
  }

  readonly client = new RegistryClient({
    credentials: async () => undefined,
    network: { exchange: nodeExchange, clock: () => this.now, sleep: async () => {} },
  });
  readonly verifier = createVerifier(this.client, () => this.now);

  sync() {
    return this.with((context) =>
      syncPullRequest({ ...context, images: this.client, verifier: this.verifier }, { path: 'acme/shop' }, 7),
    );
  }

  sweep() {
    return this.with((context) => sweep({ ...context, images: this.client, verifier: this.verifier }));
  }
}

const HOLE = {
  VulnerabilityID: 'CVE-2026-1',
  PkgName: 'openssl',
  InstalledVersion: '3.0.1',
  FixedVersion: '3.0.7',
  Severity: 'CRITICAL',
};

test('an image that shows all that is asked runs, and what was verified is noted at its pod, by digest', async () => {
  const scene = new Scene();
  scene.attachAll();
  expect(await scene.sync()).toMatchObject({ effect: 'create', state: { state: 'committed' } });
  const deployment = scene.read(DEPLOYMENT);
  expect(deployment).toContain(`image: ${registry.host}/acme/shop@${scene.digest}`);
  for (const note of [`signature: ${scene.digest}`, `sbom: ${scene.digest}`, `provenance: ${scene.digest}`]) {
    expect(deployment).toContain(`evidence.greenroom.dev/${note}`);
  }
  expect(deployment).toContain(`evidence.greenroom.dev/vulnerabilities: "${scene.digest}=none"`);
  expect(JSON.parse(scene.read(RECORD)).evidence).toEqual({
    [scene.digest]: { signature: true, sbom: true, provenance: true, vulnerabilities: 'none' },
  });
  expect(await scene.sync()).toMatchObject({ effect: 'none' });
  for (const words of ['signed by key 1', 'names 1 part', 'built from', 'no known vulnerabilities']) {
    expect(scene.comment('shop', 7)).toContain(words);
  }
});

test('one that shows nothing is refused with what to do for each', async () => {
  const scene = new Scene();
  expect(await scene.sync()).toMatchObject({ effect: 'none', state: { state: 'denied' } });
  expect(scene.previews()).toEqual([]);
  const comment = scene.comment('shop', 7);
  expect(comment).toContain('### Preview: not started - 4 things to change');
  for (const words of ['has no signature', 'without the list of its parts', 'Nothing shows that', 'was not scanned']) {
    expect(comment).toContain(words);
  }
  expect(comment).toContain('ask the platform team');
});

test('known holes are told with the version that mends them, at the line of the image', async () => {
  const scene = new Scene();
  scene.attachAll([HOLE]);
  const { state } = await scene.sync();
  expect(state).toMatchObject({
    state: 'denied',
    findings: [
      {
        rule: 'vulnerability-threshold',
        line: 5,
        message: expect.stringMatching(
          /^The image has 1 critical vulnerability: openssl 3\.0\.1 is fixed in 3\.0\.7 \(CVE-2026-1\); .* or ask /,
        ),
      },
    ],
  });
});

test('an image that was built from another commit is refused', async () => {
  const scene = new Scene('digest, provenance');
  scene.attachProvenance('f'.repeat(40));
  expect(await scene.sync()).toMatchObject({
    state: { state: 'denied', findings: [{ rule: 'built-from-commit', message: expect.stringContaining('fffffff') }] },
  });
});

test('a registry that gives half of what it lists is unknown, and changes nothing', async () => {
  const scene = new Scene();
  scene.attachAll();
  registry.fault = ({ url, headers }, response) =>
    url?.includes('/blobs/') && headers.authorization ? response.writeHead(503).end() : 'pass';
  expect(await scene.sync()).toMatchObject({
    effect: 'none',
    state: { state: 'unknown', reason: expect.stringContaining('cannot be verified') },
  });
});

test('a new scan that finds more is told at the next sweep; what runs stays until somebody decides', async () => {
  const scene = new Scene();
  scene.attachAll();
  await scene.sync();
  scene.now += 3600;
  scene.attachScan([HOLE]);
  expect(await scene.sweep()).toMatchObject({ results: [{ effect: 'none', state: { state: 'denied' } }] });
  const comment = scene.comment('shop', 7);
  expect(comment).toContain('### Preview: stays as it is - one thing to change');
  expect(comment).toContain('openssl 3.0.1 is fixed in 3.0.7');
  expect(comment).toContain('It stays until its end, ');
  expect(scene.previews()).toEqual(['pr-shop-7']);
  expect(scene.notices('shop', 7)).toEqual([]);
});

describe('with an end for what lost its evidence', () => {
  const HOUR = 3600;
  const endsOf = (scene: Scene) => {
    const { expires, evidenceLost } = JSON.parse(scene.read(RECORD));
    const namespace = scene.read(`${FOLDER}/fence/namespace.pr-shop-7.yaml`);
    expect(namespace).toContain(`greenroom.dev/expires: "${expires}"`);
    expect(namespace).toContain(`greenroom.dev/expires: "${formatTime(expires)}"`);
    return { expires, evidenceLost };
  };
  const verify = (scene: Scene, before: string) =>
    scene.with(async (context) => {
      const [was, head] = [await readBase(context, before), await readBase(context)];
      const { files } = await context.repo.read([`${FOLDER}/**`]);
      const asked = { ...context, images: scene.client, verifier: scene.verifier };
      return verifyPreviews(asked, { head, before: was, folders: [FOLDER], files });
    });

  test('a preview ends after the grace time, and its owner is told once; nothing else of it changes', async () => {
    const scene = new Scene(undefined, 'endAfter: 2h');
    scene.attachAll();
    await scene.sync();
    const [before, regular, deployment] = [scene.head()!, endsOf(scene).expires, scene.read(DEPLOYMENT)];
    scene.now += HOUR;
    const lostAt = scene.now;
    scene.attachScan([HOLE]);
    expect(await scene.sweep()).toMatchObject({ results: [{ effect: 'update', state: { state: 'denied' } }] });
    expect(endsOf(scene)).toEqual({
      expires: lostAt + 2 * HOUR,
      evidenceLost: { since: lostAt, expires: regular },
    });
    expect(scene.message()).toMatch(/^update pr-shop-7 \(evidence lost\)/);
    expect(scene.read(DEPLOYMENT)).toBe(deployment);
    expect(await verify(scene, before)).toMatchObject({ problems: [], findings: [], unknown: [] });
    const end = dayAndTime(lostAt + 2 * HOUR);
    expect(scene.comment('shop', 7)).toContain(`The platform ends it ${end}, unless that is changed before.`);
    expect(scene.notices('shop', 7)).toEqual([expect.stringContaining(`ends ${end}: its images no longer show`)]);

    scene.now += HOUR;
    expect(await scene.sweep()).toMatchObject({ results: [{ effect: 'none' }] });
    scene.now = lostAt + 2 * HOUR + 601;
    expect(await scene.sweep()).toMatchObject({ results: [{ effect: 'remove', state: { state: 'denied' } }] });
    expect(scene.previews()).toEqual([]);
    // A better image starts it again.
    scene.attachScan([]);
    expect(await scene.sweep()).toMatchObject({ results: [{ effect: 'create' }] });
  });

  test('it has its regular end back when the images show it again', async () => {
    const scene = new Scene(undefined, 'endAfter: 2h');
    scene.attachAll();
    await scene.sync();
    const before = scene.files();
    scene.now += HOUR;
    scene.attachScan([HOLE]);
    await scene.sweep();
    scene.now += HOUR;
    scene.attachScan([]);
    expect(await scene.sweep()).toMatchObject({ results: [{ effect: 'update', state: { state: 'committed' } }] });
    expect(scene.files()).toEqual(before);
  });

  test.each<[string, (scene: Scene) => void]>([
    ['the report grew old', (scene) => scene.wait(8 * HOUR)],
    ['the threshold changed', (scene) => scene.configure('vulnerabilities: low, endAfter: 2h')],
    ['the key does not count any more', (scene) => scene.configure('endAfter: 2h', signing.keyPair())],
    ['an allowance ended', (scene) => scene.wait(2 * HOUR)],
  ])('it is seen that %s, also while the newer commit is not right', async (what, happens) => {
    const until = formatTime(OPENED + 2 * HOUR);
    const allow = what.includes('allowance') ? `, allow: [{ id: CVE-2026-1, reason: test, until: "${until}" }]` : '';
    const scene = new Scene(undefined, `endAfter: 2h, reportAge: 6h${allow}`);
    scene.attachAll([{ ...HOLE, Severity: allow === '' ? 'LOW' : 'CRITICAL' }]);
    expect(await scene.sync()).toMatchObject({ effect: 'create' });
    scene.push('shop', { 'preview.yaml': 'kind: Nonsense' });
    scene.pull('shop', 7);
    expect(await scene.sync()).toMatchObject({ effect: 'none', state: { state: 'invalid' } });
    happens(scene);
    const lostAt = scene.now;
    expect(await scene.sweep()).toMatchObject({ results: [{ effect: 'update', state: { state: 'invalid' } }] });
    expect(endsOf(scene)).toMatchObject({ expires: lostAt + 2 * HOUR, evidenceLost: { since: lostAt } });
    const comment = scene.comment('shop', 7);
    expect(comment).toContain('It no longer shows what the platform requires:');
    expect(comment).toContain(`The platform ends it ${dayAndTime(lostAt + 2 * HOUR)}`);
    scene.configure(`vulnerabilities: critical, reportAge: 6h${allow}`);
    scene.now -= what.includes('old') || allow !== '' ? 7 * HOUR : 0;
    expect(await scene.sweep()).toMatchObject({ results: [{ effect: 'update', state: { state: 'invalid' } }] });
    expect(endsOf(scene).evidenceLost).toBeUndefined();
  });

  test.each<[string, Fault]>([
    ['gives no answer', (_, response) => response.writeHead(503).end()],
    ['does not take our login any more', (_, response) => problem(response, 'DENIED', 403)],
  ])('a registry that %s ends nothing', async (_, fault) => {
    const scene = new Scene(undefined, 'endAfter: 2h');
    scene.attachAll();
    await scene.sync();
    scene.push('shop', { 'preview.yaml': 'kind: Nonsense' });
    scene.pull('shop', 7);
    registry.fault = fault;
    expect(await scene.sweep()).toMatchObject({ results: [{ effect: 'none', state: { state: 'invalid' } }] });
    expect(endsOf(scene).evidenceLost).toBeUndefined();
  });

  test('more early ends at once than the share of removals are held back', async () => {
    const scene = new Scene(undefined, 'endAfter: 2h');
    scene.attachAll();
    for (const number of [8, 9, 10, 11, 12]) scene.pull('shop', number);
    await scene.sweep();
    expect(scene.previews()).toHaveLength(6);
    scene.now += HOUR;
    scene.attachScan([HOLE]);
    const { held, heldBack } = await scene.sweep();
    expect(heldBack).toContain('6 of 6 live previews would be removed or end early');
    expect(held).toContainEqual({ name: 'pr-shop-7', sentence: expect.stringContaining('ends early') });
    expect(endsOf(scene).evidenceLost).toBeUndefined();
  });
});

test.each([
  [ALL, 2],
  ['digest, signature, sbom, provenance', 1],
])('a known image that shows %s costs requests: %i, and blobs never', async (require, requests) => {
  const scene = new Scene(require);
  const commit = scene.push('shop', { 'preview.yaml': previewText('', `${registry.host}/acme/shop@${scene.digest}`) });
  scene.pull('shop', 7);
  scene.attachAll();
  scene.attachProvenance(commit);
  expect(await scene.sync()).toMatchObject({ effect: 'create' });
  registry.requests.length = 0;
  expect(await scene.sync()).toMatchObject({ effect: 'none', state: { state: 'committed' } });
  expect(registry.requests).toHaveLength(requests);
});

test('a sweep reads ahead what is listed of the images that run', async () => {
  const scene = new Scene('digest, signature');
  const digests = [scene.digest, ...['two', 'three'].map((tag) => registry.image('acme/shop', tag))];
  for (const [i, digest] of digests.entries()) {
    signing.attach(registry, 'acme/shop', { subject: digest }, KEY);
    scene.push('shop', { 'preview.yaml': previewText('', `${registry.host}/acme/shop@${digest}`) });
    scene.pull('shop', 7 + i);
  }
  await scene.sweep();
  expect(scene.previews()).toHaveLength(3);
  // No list is answered before all were asked for.
  const waiting: (() => void)[] = [];
  registry.requests.length = 0;
  registry.fault = (request, response) => {
    if (!request.url?.includes('/referrers/') || waiting.length === digests.length) return 'pass';
    waiting.push(() => registry.answer(request, response));
    if (waiting.length === digests.length) for (const answer of waiting) answer();
    return undefined;
  };
  expect(await scene.sweep()).toMatchObject({
    results: Array(3).fill({ effect: 'none', state: { state: 'committed' } }),
  });
  expect(registry.requests).toHaveLength(3);
});

test('own manifests cannot claim what was verified, at any depth', async () => {
  const scene = new Scene('digest, signature');
  const claim = { 'evidence.greenroom.dev/signature': scene.digest };
  const image = `${registry.host}/acme/shop@${scene.digest}`;
  const pod = { restartPolicy: 'OnFailure', containers: [{ name: 'own', image }] };
  const template = { metadata: { annotations: claim }, spec: pod };
  const jobTemplate = { spec: { template } };
  const job = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'own' },
    spec: { schedule: '0 0 * * *', jobTemplate },
  };
  scene.push('shop', {
    'preview.yaml': previewText('manifests: own', `${registry.host}/acme/shop:v1`),
    'own/job.json': JSON.stringify(job),
  });
  scene.pull('shop', 7);
  expect(await scene.sync()).toMatchObject({
    effect: 'none',
    state: {
      state: 'denied',
      findings: expect.arrayContaining([
        expect.objectContaining({
          rule: 'reserved-keys',
          file: 'own/job.json',
          field: expect.stringContaining('spec.jobTemplate.spec.template.metadata.annotations'),
        }),
      ]),
    },
  });
});

test('the images of own manifests are held to the same, and noted there as well', async () => {
  const scene = new Scene('digest, signature');
  const other = registry.image('acme/shop', null, 'another');
  const spec = { containers: [{ name: 'own', image: `${registry.host}/acme/shop@${other}` }] };
  const pod = {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: { name: 'own' },
    template: { metadata: { labels: { app: 'own' } }, spec },
  };
  scene.push('shop', {
    'preview.yaml': previewText('manifests: own', `${registry.host}/acme/shop:v1`),
    'own/pod.json': JSON.stringify(pod),
  });
  scene.pull('shop', 7);
  scene.attach(signing.SIGN_V1, {});
  const refused = await scene.sync();
  const rules = (state: object) =>
    'findings' in state ? (state.findings as { rule: string }[]).map((f) => f.rule) : [];
  expect(rules(refused.state)).toContain('signed-image');
  signing.attach(registry, 'acme/shop', { subject: other }, KEY);
  expect(rules((await scene.sync()).state)).not.toContain('signed-image');
});

test('a trusted root that is not there is told to the platform team', async () => {
  const scene = new Scene();
  const identities = 'identities: [{ issuer: https://issuer.example, subject: ci@acme.example }]';
  const evidence = (root: string) => `evidence: { require: [signature], ${identities}, trustedRoots: [${root}] }`;
  commitFiles(scene.appsRepo, { 'greenroom.yaml': platformText(evidence('trust/none.json')) });
  const read = () => scene.with((context) => readBase(context));
  await expect(read()).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringContaining('is not in the apps'),
  });
  for (const text of ['{', '[]', '{"tlogs":"x"}', '{}']) {
    const files = { 'greenroom.yaml': platformText(evidence('trust/a.json')), 'trust/a.json': text };
    commitFiles(scene.appsRepo, files);
    await expect(read(), text).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('trust/a.json'),
    });
  }
});

test('evidence that came with a change of the apps repo has to be what the registry shows', async () => {
  const scene = new Scene('digest, signature, sbom');
  scene.attachAll();
  await scene.sync();
  const before = scene.head()!;
  const verify = () =>
    scene.with(async (context) => {
      const [was, head] = [await readBase(context, before), await readBase(context)];
      const { files } = await context.repo.read(['previews/main/shop/pr-shop-7/**']);
      const asked = { ...context, images: scene.client, verifier: scene.verifier };
      return verifyPreviews(asked, { head, before: was, folders: ['previews/main/shop/pr-shop-7'], files });
    });
  expect(await verify()).toMatchObject({ problems: [], unknown: [] });
  const unsigned = registry.image('acme/shop', 'v1', 'pushed by somebody');
  // Whoever edits files by hand can edit the digest of them as well.
  const files = Object.entries(scene.files()).filter(([path]) => path.startsWith(FOLDER));
  const forged = new Map(files.map(([path, text]) => [path, text.replaceAll(scene.digest, unsigned)]));
  const contents = `"contents": "${contentsDigest(FOLDER, forged)}"`;
  forged.set(RECORD, forged.get(RECORD)!.replace(/"contents": "[^"]+"/, contents));
  commitFiles(scene.appsRepo, Object.fromEntries(forged));
  expect(await verify()).toMatchObject({
    problems: [{ file: RECORD, field: 'evidence', message: expect.stringContaining(unsigned) }],
  });
});
