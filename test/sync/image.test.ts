import { expect, test } from 'vitest';
import type { ImageLookup } from '../../lib/evidence/registry/lookup.ts';
import { formatImage } from '../../lib/model/image.ts';
import type { SyncContext } from '../../lib/sync/plan/base.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/worlds.ts';

const [FIRST, SECOND] = ['11', '22'].map((byte) => `sha256:${byte.repeat(32)}`) as [string, string];
const RECORD = 'previews/main/shop/pr-shop-7/preview.json';

/** A platform that wants digests, one pull request, and a registry that says what the test lets it say. */
class Scene extends World {
  answer: ImageLookup = { status: 'missing' };
  readonly asked: string[] = [];

  constructor(preview = previewText()) {
    super(platformText('evidence: { require: [digest] }'));
    this.change(preview);
  }

  change(preview: string): void {
    this.push('shop', { 'preview.yaml': preview });
    this.pull('shop', 7);
  }

  #with<T>(work: (context: SyncContext) => Promise<T>) {
    const images = {
      resolve: async (image: Parameters<typeof formatImage>[0]) => {
        this.asked.push(formatImage(image));
        return this.answer;
      },
    };
    return this.with((context) => work({ ...context, images }));
  }

  sync() {
    return this.#with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7));
  }

  sweep() {
    return this.#with((context) => sweep(context));
  }

  deployed(): string {
    return this.read('previews/main/shop/pr-shop-7/app/deployment.pr-shop-7.yaml');
  }
}

test('the tag becomes the digest that it stands for, and stays it when somebody moves the tag', async () => {
  const scene = new Scene();
  scene.answer = { status: 'found', digest: FIRST };
  expect(await scene.sync()).toMatchObject({ effect: 'create', state: { state: 'committed' } });
  expect(scene.deployed()).toContain(`image: ghcr.io/acme/shop@${FIRST}`);
  expect(JSON.parse(scene.read(RECORD))).toMatchObject({ imageDigest: FIRST });
  expect(scene.asked).toEqual([expect.stringMatching(/^ghcr\.io\/acme\/shop:pr-7-[0-9a-f]{7}$/)]);

  scene.answer = { status: 'found', digest: SECOND };
  expect(await scene.sync()).toMatchObject({ effect: 'none' });
  expect(scene.asked).toHaveLength(1);
  scene.change(previewText('size: small'));
  expect(await scene.sync()).toMatchObject({ effect: 'update' });
  expect(scene.deployed()).toContain(SECOND);
});

test('an image that is not there yet: the preview waits, and starts by itself', async () => {
  const scene = new Scene();
  expect(await scene.sync()).toMatchObject({ effect: 'none', state: { state: 'waiting' } });
  expect(scene.previews()).toEqual([]);
  expect(scene.comment('shop', 7)).toContain('### Preview: waiting for your build');
  expect(scene.check('shop', 7)).toMatchObject({ conclusion: 'pending' });
  scene.answer = { status: 'found', digest: FIRST };
  expect(await scene.sync()).toMatchObject({ effect: 'create', state: { state: 'committed' } });
});

test('what runs stays while the next image is built, and while the registry says nothing', async () => {
  const scene = new Scene();
  scene.answer = { status: 'found', digest: FIRST };
  await scene.sync();
  scene.change(previewText('size: small'));
  scene.answer = { status: 'missing' };
  expect(await scene.sync()).toMatchObject({
    effect: 'none',
    state: { state: 'waiting', live: { name: 'pr-shop-7' } },
  });
  scene.answer = { status: 'unknown', reason: 'ghcr.io answered 500' };
  expect(await scene.sync()).toMatchObject({
    effect: 'none',
    state: { state: 'unknown', reason: expect.stringContaining('500') },
  });
  expect(scene.deployed()).toContain(FIRST);
  expect(await scene.sweep()).toMatchObject({ unknown: [expect.stringContaining('acme/shop#7: the image')] });
});

test('a preview whose time is up ends, whatever the registry says of its next image', async () => {
  const scene = new Scene();
  scene.answer = { status: 'found', digest: FIRST };
  await scene.sync();
  scene.change(previewText('size: small'));
  scene.now += 25 * 3600;
  scene.answer = { status: 'unknown', reason: 'ghcr.io answered 500' };
  expect(await scene.sync()).toMatchObject({ effect: 'remove' });
  expect(scene.previews()).toEqual([]);
});

test('a repository that is not there waits for its first build, then it is said what is wrong and where', async () => {
  const scene = new Scene();
  const reason =
    'ghcr.io has no repository acme/shop, or does not let greenroom read it; has a build pushed to it yet?';
  scene.answer = { status: 'refused', reason };
  expect(await scene.sync()).toMatchObject({ effect: 'none', state: { state: 'waiting', note: reason } });
  expect(scene.comment('shop', 7)).toMatch(/waiting for your build\n.*has a build pushed to it yet/);
  scene.now += 3601;
  expect(await scene.sync()).toMatchObject({
    effect: 'none',
    state: { state: 'invalid', problems: [{ line: 5, field: 'spec.image', message: expect.stringContaining(reason) }] },
  });
  expect(scene.comment('shop', 7)).toContain('### Preview: not started');
  scene.answer = { status: 'found', digest: FIRST };
  expect(await scene.sync()).toMatchObject({ effect: 'create', state: { state: 'committed' } });
});

test('a digest, and the images of own manifests, have to be there as well', async () => {
  const scene = new Scene(previewText('manifests: own', `ghcr.io/acme/shop@${FIRST}`));
  const pod = (image: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'own' },
    spec: { containers: [{ name: 'own', image }] },
  });
  scene.push('shop', { 'own/pod.json': JSON.stringify(pod(`ghcr.io/acme/own@${SECOND}`)) });
  scene.pull('shop', 7);
  expect(await scene.sync()).toMatchObject({ effect: 'none', state: { state: 'waiting' } });
  expect(scene.asked).toEqual([`ghcr.io/acme/shop@${FIRST}`, `ghcr.io/acme/own@${SECOND}`]);
});

test('what was found for a commit is not looked up again; what the platform names since is', async () => {
  const scene = new Scene(previewText('resources: { db: { type: postgres } }', `ghcr.io/acme/shop@${FIRST}`));
  const service = (digest: string) => {
    const services = `services: { postgres: { image: "ghcr.io/acme/postgres@${digest}" } }`;
    return { 'greenroom.yaml': platformText(`evidence: { require: [digest] }\n${services}`) };
  };
  scene.settle(service(FIRST));
  scene.answer = { status: 'found', digest: FIRST };
  expect(await scene.sync()).toMatchObject({ effect: 'create' });
  expect(scene.asked).toEqual([`ghcr.io/acme/shop@${FIRST}`, `ghcr.io/acme/postgres@${FIRST}`]);
  scene.asked.length = 0;
  scene.answer = { status: 'missing' };
  expect(await scene.sync()).toMatchObject({ effect: 'none', state: { state: 'committed' } });
  expect(scene.asked).toEqual([]);
  scene.settle(service(SECOND));
  expect(await scene.sync()).toMatchObject({ effect: 'none', state: { state: 'waiting' } });
  expect(scene.asked).toEqual([`ghcr.io/acme/postgres@${SECOND}`]);
});

test.each([
  ['of a registry that previews may not use', 'ghcr.io.evil.example/acme/shop', 'denied'],
  ['that is none', 'ghcr.io/acme/Shop', 'invalid'],
])('an image %s is not looked up', async (_, image, state) => {
  const scene = new Scene(previewText('', image));
  expect(await scene.sync()).toMatchObject({ state: { state } });
  expect(scene.asked).toEqual([]);
});

test('where the platform asks no evidence, no registry is asked and a tag stays a tag', async () => {
  const scene = new Scene();
  scene.settle({ 'greenroom.yaml': platformText() });
  expect(await scene.sync()).toMatchObject({ effect: 'create' });
  expect(scene.asked).toEqual([]);
  expect(scene.deployed()).toMatch(/image: ghcr\.io\/acme\/shop:pr-7-/);
});
