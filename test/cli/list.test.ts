import { beforeAll, expect, test } from 'vitest';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { inProcess } from '../support/command.ts';
import { World } from '../support/world.ts';

let world: World;
const list = (...args: string[]) => inProcess(['list', ...args, '--apps-repo', world.appsRepo, '--forge', world.forge]);
const names = async (...args: string[]): Promise<string[]> =>
  JSON.parse((await list(...args, '--format', 'json')).stdout).previews.map(({ name }: { name: string }) => name);

beforeAll(async () => {
  world = new World();
  for (const [name, number, author] of [
    ['shop', 7, 'mia'],
    ['shop', 9, 'Ada'],
    ['cart', 8, 'mia'],
  ] as const) {
    world.push(name);
    world.pull(name, number, { author });
    await world.with((context) => syncPullRequest(context, { path: `acme/${name}` }, number));
  }
  const folder = 'previews/main/shop/pr-shop-9/preview.json';
  const record = JSON.parse(world.read(folder));
  const observed = [{ source: 'cluster', headSha: record.headSha, at: world.now, condition: 'ready' }] as const;
  await world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 9, { observed }));
  const later = { ...record, expires: 4_000_000_000, cost: { ...record.cost, perDay: 5 } };
  world.settle({ [folder]: `${JSON.stringify(later, null, 2)}\n` });
});

test('all previews, a row each, from Git and the forge alone', async () => {
  const before = world.head();
  const { code, stdout, stderr } = await list();
  const [head, ...rows] = stdout.trimEnd().split('\n');
  expect([code, stderr]).toEqual([0, '']);
  expect(head).toMatch(/^PREVIEW +STATUS +COMMIT +ENDS +A DAY +OWNER +ADDRESS$/);
  expect(rows.map((row) => row.split(/ {2,}/).toSpliced(2, 2))).toEqual([
    ['pr-cart-8', 'on its way', '$0.09', 'mia', 'https://pr-cart-8.apps.example.com'],
    ['pr-shop-7', 'on its way', '$0.09', 'mia', 'https://pr-shop-7.apps.example.com'],
    ['pr-shop-9', 'ready', '$5.00', 'Ada', 'https://pr-shop-9.apps.example.com'],
  ]);
  expect(world.head()).toBe(before);
});

test.each([
  [
    ['--repo', 'ACME/shop'],
    ['pr-shop-7', 'pr-shop-9'],
  ],
  [['--author', 'ada'], ['pr-shop-9']],
  [['--state', 'ready'], ['pr-shop-9']],
  [
    ['--state', 'Committed, ready'],
    ['pr-cart-8', 'pr-shop-7', 'pr-shop-9'],
  ],
  [['--cluster', 'main', '--repo', 'acme/cart'], ['pr-cart-8']],
  [['--cluster', 'other'], []],
  [
    ['--ends-within', '3d'],
    ['pr-cart-8', 'pr-shop-7'],
  ],
  [
    ['--sort', 'cost'],
    ['pr-shop-9', 'pr-cart-8', 'pr-shop-7'],
  ],
  [
    ['--sort', 'end'],
    ['pr-cart-8', 'pr-shop-7', 'pr-shop-9'],
  ],
])('%j gives %j', async (args, expected) => {
  expect(await names(...args)).toEqual(expected);
});

test('JSON has the data of status', async () => {
  const of = async (...args: string[]) =>
    JSON.parse(
      (await inProcess([...args, '--format', 'json', '--apps-repo', world.appsRepo, '--forge', world.forge])).stdout,
    );
  expect(await of('list')).toEqual(await of('status'));
});

test('none that matches is said on stderr, with nothing on stdout', async () => {
  expect(await list('--author', 'nobody')).toEqual({ code: 0, stdout: '', stderr: 'no preview matches\n' });
});

test.each([
  [
    ['--state', 'happy'],
    'It takes waiting-for-build, build-failed, committed, starting, ready, ready-older, not-working, asleep, ending, gone',
  ],
  [['--sort', 'size'], 'Allowed choices are name, end, cost, state.'],
  [['--ends-within', 'soon'], 'It takes a time such as 90m, 8h or 3d.'],
  [['--repo', 'shop'], 'It takes OWNER/NAME'],
])('%j is refused', async (args, message) => {
  expect(await list(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
});

test.each([
  [['list'], '(one of name, end, cost, state; default: name)'],
  [['cost'], '(one of owner, repository, team, cost-centre; default: repository)'],
])('the help of %j names what an option can be', async (command, words) => {
  const { code, stdout } = await inProcess([...command, '--help']);
  expect([code, stdout.replace(/\s+/g, ' ')]).toEqual([0, expect.stringContaining(words)]);
});
