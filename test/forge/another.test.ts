import { timingSafeEqual } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { Capabilities } from '../../lib/forge/capabilities.ts';
import type { PublishOutcome, PullRequest, PullRequestReport } from '../../lib/forge/forge.ts';
import { inAddress, type Pages } from '../../lib/forge/pages.ts';
import type { WebhookSource } from '../../lib/forge/webhook.ts';
import { previewName } from '../../lib/model/identity.ts';
import { Service } from '../../lib/serve/service.ts';
import { COMMIT_TIME } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { MemoryForge } from '../support/memory/forge.ts';
import { MemoryGit } from '../support/memory/git.ts';

// A forge that is unlike GitHub in everything that one may be: groups in groups, a token in the place of a signature,
// other pages, comments that hide nothing, no boxes and no suggestions. docs/recipes/add-a-forge.md is proved by it.

const SERVER = 'https://forge.example.com';
const SHOP = { path: 'acme/web/shop' };
const NAME = previewName({ repositoryId: 101, owner: 'acme', repository: 'web/shop', number: 7 }, 'acme').name;

class GroupForge extends MemoryForge {
  override readonly pages: Pages = {
    file: ({ path }, sha, file, line = 0) =>
      `${SERVER}/${path}/-/blob/${sha}/${inAddress(file)}${line ? `#L${line}` : ''}`,
    edit: ({ path }, branch, file) => `${SERVER}/${path}/-/edit/${inAddress(branch)}/${inAddress(file)}`,
    newFile: ({ path }, branch, file) => `${SERVER}/${path}/-/new/${inAddress(branch)}?file_name=${inAddress(file)}`,
    commit: ({ path }, sha) => `${SERVER}/${path}/-/commit/${sha}`,
    pullRequest: ({ path, number }) => `${SERVER}/${path}/-/merge_requests/${number}`,
    builds: ({ path, number }) => `${SERVER}/${path}/-/merge_requests/${number}/pipelines`,
  };
  override readonly capabilities: Capabilities = {
    commentLength: 2000,
    hiddenMarkers: false,
    checkBoxes: false,
    suggestions: false,
  };
  readonly reports: PullRequestReport[] = [];

  override publish(pull: PullRequest, report: PullRequestReport): Promise<PublishOutcome> {
    this.reports.push(report);
    return super.publish(pull, report);
  }
}

const webhooks: WebhookSource = {
  isAuthentic: ({ 'x-token': token }, _, secret) => {
    const [given, wanted] = [Buffer.from(String(token)), Buffer.from(secret)];
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  },
  delivery: () => ({ event: 'merge_request', id: null }),
  trigger: (body) => {
    const { project, iid } = JSON.parse(Buffer.from(body).toString('utf8'));
    return { pulls: [{ repository: { path: project }, number: iid }], sweep: false };
  },
};

const running: Service[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop(5)));
});

async function start(file: string) {
  const forge = new GroupForge();
  const repo = new MemoryGit().open(() => COMMIT_TIME);
  const change = new Map([['greenroom.yaml', platformText()]]);
  await repo.commit({ expectedHead: null, change, message: 'greenroom.yaml' });
  const sha = forge.repository('acme', 'web/shop', { 'preview.yaml': file });
  const pull = { number: 7, repositoryId: 101, head: { sha, ref: 'a branch', repositoryId: 101 } };
  forge.pull('acme', 'web/shop', pull);
  const clock = { now: COMMIT_TIME + 60 };
  const context = { repo, forge, clock: () => clock.now };
  const states: unknown[] = [];
  const service = new Service({
    host: '127.0.0.1',
    port: 0,
    webhooks,
    secrets: ['the-token-of-the-webhook'],
    withContext: (work) => work(context),
    log: ({ event, state, message }) => event === 'sync' && states.push(state ?? message),
    sweepEvery: null,
    random: () => 0,
  });
  running.push(service);
  const url = await service.start();
  const deliver = async (token = 'the-token-of-the-webhook') => {
    const before = states.length;
    const body = JSON.stringify({ project: SHOP.path, iid: 7 });
    const { status } = await fetch(`${url}/webhook`, { method: 'POST', body, headers: { 'x-token': token } });
    if (status === 202) await expect.poll(() => states.length).toBe(before + 1);
    return { status, state: states.at(-1) };
  };
  const folders = async () => [...(await repo.read(['previews/*/*/*/preview.json'])).files.keys()];
  return { forge, deliver, folders, clock, pull };
}

describe('another forge', () => {
  test('proves its deliveries in its own way, and groups in groups have names of their own', async () => {
    const { deliver, folders, forge } = await start(previewText());
    expect(await deliver('guess')).toEqual({ status: 401, state: undefined });
    expect(await deliver()).toEqual({ status: 202, state: 'committed' });
    expect(NAME).toMatch(/^pr-web-shop-[2-7][a-z2-7]{10}-7$/);
    expect(await folders()).toEqual([`previews/main/${NAME.slice(3, -2)}/${NAME}/preview.json`]);
    forge.pull('acme', 'web/shop', { number: 7, repositoryId: 101, state: 'closed' });
    expect((await deliver()).state).toBe('none');
    expect(await folders()).toEqual([]);
  });

  test('reads a comment without marks, edited in place, within its length', async () => {
    const { deliver, forge, clock } = await start(previewText());
    await deliver();
    const first = forge.comment(SHOP, 7)!;
    expect(first).toMatch(/^### Preview: on its way/);
    expect(first).not.toContain('<!--');
    expect(first.length).toBeLessThanOrEqual(2000);
    expect(forge.reports.map(({ marker, suggestions }) => [marker, suggestions])).toEqual([['### Preview: ', []]]);
    clock.now += 23 * 3600;
    await deliver();
    expect(forge.comment(SHOP, 7)).toContain('To keep it longer, comment `/preview extend 3d`.');
    const notice = forge.reports.at(-1)!.notice!;
    expect(notice.body.startsWith(notice.marker)).toBe(true);
    expect(notice.body).not.toMatch(/<!--|box/);
    clock.now += 48 * 3600;
    await deliver();
    expect(forge.comment(SHOP, 7)).toContain('To start it again, comment `/preview start`.');
  });

  test('has its own pages', async () => {
    const { deliver, forge, pull } = await start(previewText('port: nonsense'));
    expect((await deliver()).state).toBe('invalid');
    const text = forge.comment(SHOP, 7)!;
    expect(text).toContain(`${SERVER}/acme/web/shop/-/blob/${pull.head.sha}/preview.yaml#L`);
    expect(text).toContain(`${SERVER}/acme/web/shop/-/edit/a%20branch/preview.yaml`);
    expect(text).not.toContain('Commit suggestion');
  });
});
