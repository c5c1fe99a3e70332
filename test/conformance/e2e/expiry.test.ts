import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLOCK_TOLERANCE } from '../../../lib/compile/lifetime.ts';
import { CLEANER_GRACE_SECONDS } from '../../../lib/constructs/bootstrap/cleaner.ts';
import { LocalForge } from '../../../lib/forge/local.ts';
import { openGitAppsRepo } from '../../../lib/gitops/open.ts';
import { sweep } from '../../../lib/sync/sweep/sweep.ts';
import { eventually } from '../eventually.ts';
import { judge } from '../judges.ts';
import { tryRun } from '../run.ts';
import { Live, now } from './live.ts';

let live: Live;
/** Two previews whose time is up soon, one after the other. */
let first: Preview;
let second: Preview;
beforeAll(async () => {
  live = await Live.start();
  await live.install();
  live.apps.pull({ number: 8 });
  first = open(60, 60);
  second = open(61, 120);
  await live.sweep();
  await live.refresh();
  for (const name of ['pr-shop-8', first.name, second.name]) await live.untilRunning(name);
});
afterAll(() => live?.stop());

interface Preview {
  readonly name: string;
  /** Unix seconds. */
  readonly expires: number;
}

function open(number: number, lifeInSeconds: number): Preview {
  const expires = now() + lifeInSeconds;
  live.apps.pull({ number, expires });
  return { name: `pr-shop-${number}`, expires };
}

/** The generated job's own command, in a pod of its own, at the first moment at which it ends a preview. */
async function runCleaner({ expires }: Preview): Promise<void> {
  const job = await live.get('cronjob', 'preview-cleaner', '--namespace=greenroom-cleaner');
  const { spec } = job.spec.jobTemplate.spec.template;
  const at = expires + CLEANER_GRACE_SECONDS + 1;
  const metadata = { name: `preview-cleaner-${Math.floor(at / 60)}-x7k2p`, namespace: 'greenroom-cleaner' };
  await live.cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec }));
  const pod = await live.cluster.asServiceAccount(metadata.namespace, spec.serviceAccountName, metadata.name);
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-cleaner-'));
  try {
    writeFileSync(join(folder, 'date'), `#!/bin/sh\necho ${at}\n`, { mode: 0o755 });
    const [program, ...args] = spec.containers[0].command;
    const path = `${folder}:${dirname(await judge('kubectl'))}:${process.env['PATH']}`;
    const { code, stderr } = await tryRun(program, args, {
      env: { PATH: path, KUBECONFIG: pod.kubeconfig, HOME: folder },
    });
    expect([code, stderr]).toEqual([0, '']);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The sweep, at the first moment at which it takes a preview for expired. */
async function sweepAfter({ expires }: Preview): Promise<void> {
  const clock = () => expires + CLOCK_TOLERANCE;
  const repo = await openGitAppsRepo(live.repo.bare, { clock });
  const forge = new LocalForge(live.apps.path);
  try {
    const { results } = await sweep({ repo, forge, clock });
    expect(results.filter(({ effect }) => effect !== 'none')).toMatchObject([{ effect: 'remove' }]);
  } finally {
    await repo.close();
    await forge.close();
  }
}

const isEnded = async ({ name }: Preview) => !(await live.exists('namespace', name));
const untilTimeIsUp = ({ expires }: Preview) => eventually(() => now() > expires + 1, { what: 'its time to be up' });

describe('a preview past its time', () => {
  it('is ended with Git dead, and not restored', async () => {
    live.repo.setReachable(false);
    try {
      await untilTimeIsUp(first);
      await live.refresh();
      await runCleaner(first);
      await eventually(() => isEnded(first), { what: `${first.name} to be ended` });
      await delay(12_000);
      expect(await isEnded(first)).toBe(true);
      expect(await live.exists('deployment', 'pr-shop-8', 'pr-shop-8')).toBe(true);
    } finally {
      live.repo.setReachable(true);
    }
    await sweepAfter(first);
    await live.refreshAfterFailure();
    await live.untilGone(first.name);
  });

  it('is not healed any more, so that what the cleaner ends stays ended', async () => {
    const { name } = second;
    await untilTimeIsUp(second);
    await eventually(
      async () => {
        await live.refreshAfterFailure();
        const apps = await Promise.all([live.application(name), live.application(`${name}-fence`)]);
        return apps.every((app) => app.spec.syncPolicy.automated.enabled === false);
      },
      { what: 'the ApplicationSets to notice', everyMs: 2000 },
    );
    await runCleaner(second);
    await eventually(() => isEnded(second), { what: `${name} to be ended by the cleaner` });
    expect(await live.exists('namespace', 'pr-shop-8')).toBe(true);
    // A commit elsewhere and a refresh bring nothing back.
    await live.repo.push(new Map([['exceptions/note.txt', 'x']]), 'unrelated');
    await live.refresh(name, `${name}-fence`);
    await delay(8000);
    expect(await isEnded(second)).toBe(true);
    // The sweep is the authority: it removes the folder, and the Applications go too.
    await sweepAfter(second);
    expect((await live.repo.files('previews')).has(`previews/main/shop/${name}/preview.json`)).toBe(false);
    await live.refreshAfterFailure();
    await live.untilGone(name);
  });
});
