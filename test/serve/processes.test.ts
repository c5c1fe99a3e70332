import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { greenroom } from '../support/command.ts';
import { mergePull } from '../support/fake-github/pulls.ts';
import { platformText } from '../support/inputs.ts';
import { deliver as deliverEvent, SECRET } from './deliver.ts';
import { deliver, opened, serve, WAIT } from './receiver.ts';

describe('receivers as processes', () => {
  test('SIGTERM: what runs is finished, the exit code is 0, and the next one goes on', async () => {
    const { world, fake } = await opened(2);
    const { child, url, log } = await serve(fake, '--sweep-every', 'never', '--concurrency', '1');
    let isCommitting = () => {};
    const committing = new Promise<void>((resolve) => {
      isCommitting = resolve;
    });
    fake.fault = ({ operation }) => {
      if (operation === 'CommitFiles') isCommitting();
      return operation === 'CommitFiles' ? { delay: 300, edit: (body) => body } : undefined;
    };
    await deliver(url, 1);
    await deliver(url, 2);
    await committing;
    child.kill('SIGTERM');
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
    expect(log.at(-1)).toMatchObject({ event: 'stopped', running: 0, waiting: 1 });
    expect(world.previews()).toEqual(['pr-shop-1']);
    await serve(fake);
    await expect.poll(() => world.previews(), WAIT).toEqual(['pr-shop-1', 'pr-shop-2']);
  });

  test('it knows its own apps repo: a proposal that is merged there is told where it is waited for', async () => {
    const { world, fake } = await opened(1, platformText('commit: { mode: pull-request }'));
    const { url, log } = await serve(fake, '--sweep-every', 'never');
    const synced = (count: number) =>
      expect
        .poll(() => log.filter(({ event, state }) => event === 'sync' && state !== undefined).length, WAIT)
        .toBe(count);
    await deliver(url, 1);
    await synced(1);
    expect(world.comment('shop', 1)).toContain('waiting for review');
    mergePull(fake, 'acme', 'previews', 1);
    const apps = fake.repository('acme', 'previews')!;
    const closed = {
      action: 'closed',
      repository: { id: apps.id, name: 'previews', owner: { login: 'acme' } },
      pull_request: {
        number: 1,
        body: fake.bodies.get(`PR_${apps.id}_1`),
        head: { ref: 'greenroom/pr-shop-1', repo: { id: apps.id } },
      },
    };
    expect((await deliverEvent(url, 'pull_request', closed)).status).toBe(202);
    await synced(2);
    expect(world.comment('shop', 1)).toContain('[Its address]');
  });

  test('a second signal ends it at once', async () => {
    const { fake } = await opened(1);
    const { child, url } = await serve(fake, '--sweep-every', 'never');
    fake.fault = () => ({ delay: 60_000 });
    await deliver(url, 1);
    child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([1, null]);
  });
});

test.each([
  [{}, [], 'GREENROOM_WEBHOOK_SECRET is not set'],
  [{ GREENROOM_WEBHOOK_SECRET: SECRET, GITHUB_TOKEN: '' }, [], 'GITHUB_TOKEN is not set'],
  [{ GREENROOM_WEBHOOK_SECRET: 'short' }, [], 'at least 16 characters'],
  [{ GREENROOM_WEBHOOK_SECRET: SECRET }, ['--listen', '8080'], 'HOST:PORT'],
  [{ GREENROOM_WEBHOOK_SECRET: SECRET }, ['--grace', '30'], '30s, 10m or 1h'],
])('what is wrong in %j %j is said', async (env, args, message) => {
  const command = ['serve', '--apps-repo', 'acme/previews', ...args];
  const { code, stderr } = await greenroom(command, {
    env: { GITHUB_TOKEN: 'x', GREENROOM_WEBHOOK_SECRET: '', ...env },
  });
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
