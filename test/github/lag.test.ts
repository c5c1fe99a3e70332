import { describe, expect, test } from 'vitest';
import { formatTime } from '../../lib/core/clock.ts';
import { gitHubWebhooks } from '../../lib/github/webhook.ts';
import { handleTrigger, mergeTriggers } from '../../lib/sync/trigger.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const GitHubWorld = overGitHub(World);
const repository = { name: 'shop', owner: { login: 'acme' } };

async function shop() {
  const world = new GitHubWorld();
  const head = world.push('shop');
  world.pull('shop', 7);
  const fake = await world.github();
  await world.allow('shop', 'mia', 'write');
  const waits: number[] = [];
  const apply = { random: () => 0, sleep: async (milliseconds: number) => void waits.push(milliseconds) };
  /** What GitHub delivers of the pull request as it is now, whatever its replicas show. */
  const deliver = (sha = head, payload: object = { pull_request: { number: 7, head: { sha }, ...changed(world) } }) => {
    const body = Buffer.from(JSON.stringify({ repository, ...payload }));
    const [trigger] = gitHubWebhooks.trigger(body, null)!.pulls;
    return world.with((context) => handleTrigger(context, trigger!, { apply }));
  };
  await deliver();
  expect([world.previews(), waits]).toEqual([['pr-shop-7'], []]);
  world.now += 3600;
  return { world, fake, head, waits, deliver };
}

const changed = (world: World) => ({ updated_at: formatTime(world.now - 60) });

describe('a delivery that overtakes the replicas', () => {
  test('of a close: what they show is asked again until it is as new as what was told', async () => {
    const { world, fake, waits, deliver } = await shop();
    fake.lag('acme', 'shop', 7, 3);
    world.pull('shop', 7, { state: 'closed' });
    expect(await deliver()).toMatchObject({ state: { state: 'none' }, isPassing: false });
    expect([world.previews(), waits]).toEqual([[], [500, 1000, 2000]]);
  });

  test('of a push in the same second as the change before it: its head tells', async () => {
    const { world, fake, waits, deliver } = await shop();
    world.pull('shop', 7);
    fake.lag('acme', 'shop', 7, 2);
    const next = world.push('shop', { 'preview.yaml': previewText('env: { A: "1" }') });
    world.pull('shop', 7, { sha: next });
    expect(await deliver(next)).toMatchObject({ effect: 'update', state: { preview: { headSha: next } } });
    expect(waits).toEqual([500, 1000]);
  });

  test('of a pull request that is not there yet', async () => {
    const { world, fake, waits, deliver } = await shop();
    fake.lag('acme', 'shop', 8, 1);
    world.pull('shop', 8);
    const pull = { pull_request: { number: 8, ...changed(world) } };
    expect(await deliver(undefined, pull)).toMatchObject({ effect: 'create' });
    expect(waits).toEqual([500]);
  });

  test('of a command: the comment is waited for, also an edited one', async () => {
    const { world, fake, waits, deliver } = await shop();
    fake.lag('acme', 'shop', 7, 4);
    const id = await world.say('shop', 7, 'mia', 'well');
    const updated_at = () => fake.commentByNumber(id)!.updatedAt;
    const told = () => ({ issue: { number: 7, pull_request: {} }, comment: { id, updated_at: updated_at() } });
    expect(await deliver(undefined, told())).toBeNull();
    const waited = waits.length;
    fake.lag('acme', 'shop', 7, 3);
    fake.edit(fake.commentByNumber(id)!, '/preview stop', 'mia');
    expect(await deliver(undefined, told())).toMatchObject({ state: { state: 'none', reason: 'stopped' } });
    expect([world.previews(), world.answerTo('shop', 7, id)]).toEqual([[], 'done']);
    expect([waited, waits.length]).toEqual([3, 5]);
  });

  test('is not waited for without end, and is to be asked again', async () => {
    const { world, fake, waits, deliver } = await shop();
    fake.lag('acme', 'shop', 7, 1000);
    world.pull('shop', 7, { state: 'closed' });
    expect(await deliver()).toMatchObject({ effect: 'none', isPassing: true });
    expect(waits.reduce((sum, milliseconds) => sum + milliseconds, 0)).toBe(15_500);
  });

  test('that comes late is older than what they show, and waits for nothing', async () => {
    const { world, waits, deliver } = await shop();
    const late = {
      pull_request: { number: 7, head: { sha: 'f'.repeat(40) }, updated_at: formatTime(world.now - 7200) },
    };
    world.pull('shop', 7, { state: 'closed' });
    expect(await deliver(undefined, late)).toMatchObject({ state: { state: 'none' } });
    expect(waits).toEqual([]);
  });
});

test('of deliveries that join, the newest counts, in whatever order they come', () => {
  const at = (updatedAt: number, headSha: string) => ({
    repository: { path: 'acme/shop' },
    number: 7,
    seen: { updatedAt, headSha },
  });
  expect(mergeTriggers(at(2, 'b'), at(1, 'a')).seen).toEqual({ updatedAt: 2, headSha: 'b' });
  expect(mergeTriggers(at(1, 'a'), at(2, 'b')).seen).toEqual({ updatedAt: 2, headSha: 'b' });
  const comment = { repository: { path: 'acme/shop' }, number: 7, commentId: 5, seen: { commentUpdatedAt: 3 } };
  expect(mergeTriggers(comment, { ...comment, commentId: 6 })).toEqual({
    repository: { path: 'acme/shop' },
    number: 7,
    seen: { commentUpdatedAt: 3 },
  });
});
