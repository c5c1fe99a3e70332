import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RegistryClient } from '../../lib/evidence/registry/client.ts';
import { nodeExchange } from '../../lib/evidence/registry/exchange.ts';
import { createVerifier } from '../../lib/evidence/verify-image.ts';
import { dayAndTime } from '../../lib/report/text.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { TestRegistry } from '../evidence/registry-server.ts';
import * as signing from '../evidence/signing.ts';
import { closePull, mergePull } from '../support/fake-github/pulls.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const KEY = signing.keyPair();
const HOUR = 3600;
const RECORD = 'previews/main/shop/pr-shop-7/preview.json';
const HOLE = { VulnerabilityID: 'CVE-2026-1', PkgName: 'openssl', InstalledVersion: '3.0.1', Severity: 'CRITICAL' };

let registry: TestRegistry;
beforeEach(async () => {
  registry = await TestRegistry.start({ referrersApi: true });
});
afterEach(() => registry[Symbol.asyncDispose]());

/** A preview that runs, of a platform that reviews everything and ends what lost its evidence after two hours. */
class Scene extends overGitHub(World) {
  readonly digest = registry.image('acme/shop');

  constructor() {
    const evidence = `evidence: { require: [vulnerabilities], keys: [${JSON.stringify(KEY.pem)}], endAfter: 2h }`;
    super(platformText(`commit: { mode: pull-request }\n${evidence}`).replace('ghcr.io', registry.host));
    this.push('shop', { 'preview.yaml': previewText('', `${registry.host}/acme/shop@${this.digest}`) });
    this.pull('shop', 7);
  }

  static async running(): Promise<Scene> {
    const scene = new Scene();
    await scene.github();
    scene.scan([]);
    await scene.sweep();
    scene.merge();
    expect(scene.previews()).toEqual(['pr-shop-7']);
    return scene;
  }

  /** A scan a minute later. */
  scan(Vulnerabilities: readonly object[]): void {
    this.now += 60;
    const CreatedAt = new Date(this.now * 1000).toISOString();
    const report = { SchemaVersion: 2, CreatedAt, ArtifactType: 'container_image', Results: [{ Vulnerabilities }] };
    const predicate = { scanner: { result: report }, metadata: { scanFinishedOn: CreatedAt } };
    const predicateType = 'https://cosign.sigstore.dev/attestation/vuln/v1';
    signing.attach(registry, 'acme/shop', { subject: this.digest, predicateType, predicate }, KEY);
  }

  readonly #client = new RegistryClient({
    credentials: async () => undefined,
    network: { exchange: nodeExchange, clock: () => this.now, sleep: async () => {} },
  });
  readonly #verifier = createVerifier(this.#client, () => this.now);

  async sweep(after = 0) {
    this.now += after;
    const apply = { random: () => 0, sleep: async () => undefined };
    const { results } = await this.with((context) =>
      sweep({ ...context, images: this.#client, verifier: this.#verifier }, { apply, allowRemovals: true }),
    );
    return results[0];
  }

  get #apps() {
    return this.fake!.repository('acme', 'previews')!;
  }

  /** States of the proposals, oldest first. */
  proposals(): string[] {
    return this.#apps.pullRequests().map(({ state, merged }) => (merged ? 'merged' : state));
  }

  merge(): void {
    mergePull(this.fake!, 'acme', 'previews', this.#apps.pullRequests().length);
  }

  decline(): void {
    closePull(this.#apps, this.#apps.pullRequest(this.#apps.pullRequests().length)!);
  }

  /** What reviewers read of the latest one. */
  body(): string {
    return this.fake!.bodies.get(`PR_${this.#apps.id}_${this.#apps.pullRequests().length}`) ?? '';
  }

  record() {
    return JSON.parse(this.read(RECORD)) as { expires: number; evidenceLost?: { since: number } };
  }
}

describe('the early end of a preview that lost its evidence, where changes are reviewed', () => {
  test('is proposed once, with the time of the loss, and is what is merged', async () => {
    const scene = await Scene.running();
    const before = scene.head();
    scene.now += HOUR;
    scene.scan([HOLE]);
    const lostAt = scene.now;
    expect(await scene.sweep()).toMatchObject({ effect: 'update', state: { state: 'denied' } });
    expect([scene.proposals(), scene.head()]).toEqual([['merged', 'open'], before]);
    const comment = scene.comment('shop', 7)!;
    for (const words of ['CVE-2026-1', 'The platform team decides whether it ends early'])
      expect(comment).toContain(words);
    expect(scene.notices('shop', 7)).toEqual([]);
    expect(scene.body()).toMatch(/no longer show[\s\S]*CVE-2026-1[\s\S]*Merging ends it .* instead of /);
    expect(await scene.sweep(600)).toMatchObject({ effect: 'none' });
    expect(await scene.sweep(600)).toMatchObject({ effect: 'none' });
    expect(scene.comment('shop', 7)).toBe(comment);
    scene.merge();
    expect(scene.record()).toMatchObject({ expires: lostAt + 2 * HOUR, evidenceLost: { since: lostAt } });
    await scene.sweep(600);
    expect(scene.comment('shop', 7)).toContain(`The platform ends it ${dayAndTime(lostAt + 2 * HOUR)}`);
    expect(scene.proposals()).toEqual(['merged', 'merged']);
    await scene.sweep(2 * HOUR);
    scene.merge();
    expect(scene.previews()).toEqual([]);
  });

  test('is not proposed again when the platform team declined it, but for another reason', async () => {
    const scene = await Scene.running();
    scene.scan([HOLE]);
    await scene.sweep(600);
    scene.decline();
    await scene.sweep(600);
    await scene.sweep(600);
    expect(scene.proposals()).toEqual(['merged', 'closed']);
    scene.scan([{ ...HOLE, VulnerabilityID: 'CVE-2026-2' }]);
    await scene.sweep(600);
    expect(scene.proposals()).toEqual(['merged', 'closed', 'open']);
  });

  test.each([
    ['the head is right', () => undefined],
    [
      'the newer commit is not right',
      (scene: Scene) => {
        scene.push('shop', { 'preview.yaml': 'kind: Nonsense' });
        scene.pull('shop', 7);
      },
    ],
  ])('is withdrawn when the images show it again, while %s', async (_, change) => {
    const scene = await Scene.running();
    change(scene);
    scene.scan([HOLE]);
    await scene.sweep(600);
    expect(scene.proposals()).toEqual(['merged', 'open']);
    scene.now += 600;
    scene.scan([]);
    await scene.sweep();
    expect(scene.proposals()).toEqual(['merged', 'closed']);
    expect(scene.record().evidenceLost).toBeUndefined();
  });
});
