import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { eventually } from '../eventually.ts';
import { Live, seconds } from './live.ts';
import type { Json } from './objects.ts';

let live: Live;
beforeAll(async () => {
  live = await Live.start();
});
afterAll(() => live?.stop());

const NUMBERS = [7, 8, 9];
const nameOf = (number: number) => `pr-shop-${number}`;
const folderOf = (number: number) => `previews/main/shop/${nameOf(number)}`;

/** Number of the root Application's last sync. */
async function lastSync(): Promise<number> {
  const { status } = await live.application('greenroom');
  return status.history.at(-1).id;
}

/** A webhook of a push, until the ApplicationSet controller has written what it remembers of it and taken it back. */
async function pushSeenBySets(): Promise<void> {
  const sets = async (): Promise<Json[]> => (await live.get('applicationset', '--namespace=argocd')).items;
  const versions = new Map((await sets()).map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
  await live.argo.announcePush();
  const seen = ({ metadata }: Json) =>
    metadata.resourceVersion !== versions.get(metadata.name) &&
    !('argocd.argoproj.io/application-set-refresh' in metadata.annotations);
  await eventually(async () => (await sets()).every(seen), { what: 'the ApplicationSets to look at the push' });
}

/** How an Application compares with its repository, by a comparison that begins after this call. */
async function comparedNow(name: string): Promise<string> {
  await live.argo.refresh(name);
  return eventually(
    async () => {
      const { metadata, status } = await live.application(name);
      if ('argocd.argoproj.io/refresh' in metadata.annotations) throw new Error('not compared yet');
      return status.sync.status;
    },
    { what: `${name} to be compared` },
  );
}

describe('an apps repo, from init to gone', () => {
  it('is installed by an administrator once, and then applies itself with accounts of its own', async () => {
    const took = await seconds(() => live.install());
    console.log(`bootstrap: applied by Argo CD after ${took} s`);
    // Argo CD looks again at what failed at first after two minutes here: a sound bootstrap does not wait for that.
    expect(Number(took)).toBeLessThan(100);
    const { items } = await live.get('validatingadmissionpolicy');
    expect(items.length).toBeGreaterThan(30);
    for (const { metadata, status } of items) {
      expect([metadata.name, status?.typeChecking?.expressionWarnings ?? []]).toEqual([metadata.name, []]);
    }
  });

  it('runs three previews: everything is there as generated, and no app comes before its fence', async () => {
    for (const number of NUMBERS) {
      live.apps.pull({ number });
      await live.sync(number);
    }
    const start = performance.now();
    const since = () => ((performance.now() - start) / 1000).toFixed(1);
    await live.refresh();
    await eventually(() => live.exists('namespace', nameOf(7)), { what: 'a namespace' });
    console.log(`preview: namespace ${since()} s after the commit`);
    for (const number of NUMBERS) await live.untilRunning(nameOf(number));
    console.log(`preview: three workloads ${since()} s after the commit`);

    for (const number of NUMBERS) {
      const name = nameOf(number);
      const kinds = new Set<string>();
      for (const [path, text] of await live.repo.files(folderOf(number))) {
        if (!path.endsWith('.yaml')) continue;
        const wanted = parse(text);
        kinds.add(wanted.kind);
        const found = await live.find(wanted);
        expect(found.metadata, path).toMatchObject(wanted.metadata);
        for (const [field, value] of Object.entries(wanted)) {
          if (field !== 'metadata') expect(found[field], `${path}: ${field}`).toMatchObject(value as object);
        }
      }
      expect([...kinds]).toEqual(
        expect.arrayContaining(['Namespace', 'ResourceQuota', 'LimitRange', 'NetworkPolicy', 'Deployment', 'Ingress']),
      );
      const binding = await live.get('rolebinding', 'preview-reconciler', `--namespace=${name}`);
      const deployment = await live.get('deployment', name, `--namespace=${name}`);
      expect(Date.parse(deployment.metadata.creationTimestamp)).toBeGreaterThanOrEqual(
        Date.parse(binding.metadata.creationTimestamp),
      );
    }
  });

  it('is at rest between commits: a webhook makes nothing be applied again', async () => {
    const before = await lastSync();
    for (let push = 0; push < 3; push++) {
      await pushSeenBySets();
      expect(await comparedNow('greenroom')).toBe('Synced');
    }
    // With a difference, self-heal acts two seconds after it here.
    await delay(3000);
    expect(await comparedNow('greenroom')).toBe('Synced');
    expect(await lastSync()).toBe(before);
  });

  it('follows a change of the platform’s sizes: one sweep writes every preview anew, in one commit', async () => {
    const limits = async (number: number) => {
      const name = nameOf(number);
      const { spec } = await live.get('deployment', name, `--namespace=${name}`);
      return spec.template.spec.containers[0].resources.limits;
    };
    expect(await limits(7)).toMatchObject({ cpu: '500m', memory: '256Mi' });
    await live.repo.pull();
    const file = join(live.repo.clone, 'greenroom.yaml');
    const small = '{ requests: { cpu: 50m, memory: 64Mi }, limits: { cpu: 400m, memory: 192Mi } }';
    writeFileSync(file, `${readFileSync(file, 'utf8')}  sizes: { small: ${small} }\n`);
    await live.run(['upgrade', live.repo.clone]);
    await live.repo.pushAll('smaller previews');

    const before = await live.repo.head();
    const { results } = await live.sweep();
    expect(results.map(({ name, effect }: { name: string; effect: string }) => [name, effect])).toEqual(
      NUMBERS.map((number) => [nameOf(number), 'update']),
    );
    expect(await live.repo.commitsSince(before)).toBe(1);
    const took = await seconds(async () => {
      await live.refresh(...NUMBERS.flatMap((number) => [nameOf(number), `${nameOf(number)}-fence`]));
      for (const number of NUMBERS) {
        await eventually(async () => (await limits(number)).memory === '192Mi', {
          what: `${nameOf(number)} to follow`,
        });
      }
    });
    console.log(`upgrade: three previews follow ${took} s after the commit`);
    expect((await live.sweep()).results.map(({ effect }: { effect: string }) => effect)).toEqual(
      NUMBERS.map(() => 'none'),
    );
  });

  it('removes everything of one preview when its pull request closes, and touches no other', async () => {
    const uid = async () => (await live.get('deployment', nameOf(8), `--namespace=${nameOf(8)}`)).metadata.uid;
    const neighbour = await uid();
    live.apps.pull({ number: 7, state: 'closed' });
    await live.sync(7);
    const took = await seconds(async () => {
      await live.refresh();
      await live.untilGone(nameOf(7));
    });
    console.log(`close: gone ${took} s after the commit`);
    expect(await uid()).toBe(neighbour);
    const { items } = await live.get('namespace');
    expect(items.filter((o: { status: { phase: string } }) => o.status.phase !== 'Active')).toEqual([]);
  });

  it('brings it back when it opens again', async () => {
    live.apps.pull({ number: 7 });
    await live.sync(7);
    await live.refresh();
    await live.untilRunning(nameOf(7));
  });

  it('is taken down by the commands of its README, and leaves nothing but the role of Argo CD', async () => {
    const before = (await live.get('namespace')).items.map(({ metadata }: Json) => metadata.name);
    await live.repo.pull();
    await live.type('To take it all down');
    const kinds = [
      ...['application', 'applicationset', 'appproject', 'certificate', 'cronjob', 'serviceaccount', 'secret'],
      ...['role', 'rolebinding', 'clusterrole', 'clusterrolebinding', 'networkpolicy', 'deployment'],
      ...['validatingadmissionpolicy', 'validatingadmissionpolicybinding'],
    ];
    const left = await live.cluster.kubectl(['get', kinds.join(','), '--all-namespaces', '--output=name']);
    expect(left.split('\n').filter((name) => /greenroom|preview|pr-shop/.test(name))).toEqual([]);
    const ours = await live.cluster.kubectl([
      'get',
      'clusterrole',
      '-l',
      'app.kubernetes.io/part-of=greenroom',
      '--output=name',
    ]);
    expect(ours.trim()).toBe('clusterrole.rbac.authorization.k8s.io/argocd-application-controller');
    const after = (await live.get('namespace')).items.map(({ metadata }: Json) => metadata.name);
    const isOurs = (name: string) => name.startsWith('pr-') || name === 'greenroom-cleaner';
    expect(after).toEqual(before.filter((name: string) => !isOurs(name)));
  });
});
