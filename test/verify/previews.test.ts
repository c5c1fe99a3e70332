import { describe, expect, test } from 'vitest';
import type { ImageLookup } from '../../lib/evidence/registry/lookup.ts';
import { formatRecord, parseRecord } from '../../lib/model/record.ts';
import { handleComment } from '../../lib/sync/answer.ts';
import { readBase, type SyncContext } from '../../lib/sync/plan/base.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { verifyPreviews } from '../../lib/verify/previews.ts';
import { platformText } from '../support/inputs.ts';
import { World } from '../support/worlds.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const FOLDER = 'previews/main/shop/pr-shop-7';

/** A preview whose tag was found to be `aaa…`, with this done to its files, and a registry that says this now. */
async function verified(world: World, change: (text: string) => string, now: ImageLookup) {
  const base = world.head()!;
  const files = Object.entries(world.files()).filter(([path]) => path.startsWith(FOLDER));
  const texts = files.map(([path, text]) => [path, change(text)] as const);
  world.settle(Object.fromEntries(texts));
  return world.with(async (context) => {
    const [before, head] = [await readBase(context, base), await readBase(context)];
    const { files } = await context.repo.read([`${FOLDER}/**`]);
    const asked: SyncContext = { ...context, images: { resolve: async () => now } };
    return verifyPreviews(asked, { head, before, folders: [FOLDER], files });
  });
}

async function withPreview(evidence = ''): Promise<World> {
  const world = new World(platformText(evidence));
  world.push('shop');
  world.pull('shop', 7);
  const images = { resolve: async () => ({ status: 'found', digest: digest('a') }) as const };
  await world.with((context) => sweep({ ...context, images }));
  return world;
}

describe('the digest of an image', () => {
  const swap = (text: string) => text.replaceAll(digest('a'), digest('b'));
  const found = (digit: string): ImageLookup => ({ status: 'found', digest: digest(digit) });

  test('that came with the change has to be what the tag stands for', async () => {
    const world = await withPreview('evidence: { require: [digest] }');
    expect(parseRecord(world.read(`${FOLDER}/preview.json`))?.imageDigest).toBe(digest('a'));
    const wrong = await verified(world, swap, found('a'));
    expect(wrong.problems).toMatchObject([
      { field: 'imageDigest', message: expect.stringContaining(`is ${digest('a')}`) },
    ]);
  });

  test.each([
    ['that the registry gives is right', found('b'), 0, 0],
    ['that nobody can look up is not proved', { status: 'unknown', reason: 'no answer' } as const, 0, 1],
    ['of an image that is not there is wrong', { status: 'missing' } as const, 1, 0],
  ])('%s', async (_, lookup, problems, unknown) => {
    const result = await verified(await withPreview('evidence: { require: [digest] }'), swap, lookup);
    expect([result.problems.length, result.unknown.length]).toEqual([problems, unknown]);
  });

  test('stays when the tag moves after it was committed', async () => {
    const result = await verified(await withPreview('evidence: { require: [digest] }'), (text) => text, found('c'));
    expect(result).toMatchObject({ problems: [], unknown: [], equal: [FOLDER] });
  });

  test('has no say where no evidence is asked', async () => {
    const world = await withPreview();
    const file = `${FOLDER}/preview.json`;
    const record = { ...parseRecord(world.read(file))!, imageDigest: digest('b') };
    const { problems } = await verified(
      world,
      (text) => (text.includes('imageDigest') ? formatRecord(record) : text),
      found('b'),
    );
    expect(problems).toMatchObject([{ file }]);
  });
});

test('a repository that was renamed keeps the name of what runs; nobody takes another name by hand', async () => {
  const world = await withPreview();
  world.rename('shop', 'store');
  await world.with((context) => sweep(context));
  const kept = await verified(world, (text) => text, { status: 'missing' });
  expect(kept).toMatchObject({ problems: [], equal: [FOLDER] });
});

describe('what a comment asked for', () => {
  const asked = async (body: string) => {
    const world = await withPreview();
    await world.allow('shop', 'mia', 'write');
    const id = await world.say('shop', 7, 'mia', body);
    const files = world.files();
    await world.with((context) => handleComment(context, { path: 'acme/shop' }, 7, id));
    return { world, files };
  };

  test('is part of what greenroom writes: an extended preview comes out the same', async () => {
    const { world } = await asked('/preview extend 2h');
    const result = await verified(world, (text) => text, { status: 'missing' });
    expect(result).toMatchObject({ problems: [], unknown: [], equal: [FOLDER] });
  });

  test('a stopped preview is not brought back by hand', async () => {
    const { world, files } = await asked('/preview stop');
    expect(world.previews()).toEqual([]);
    world.settle(files);
    const result = await verified(world, (text) => text, { status: 'missing' });
    expect(result.problems).toMatchObject([{ message: expect.stringContaining('mia stopped it') }]);
  });
});
