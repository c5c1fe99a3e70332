import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../eventually.ts';
import { ATTEMPTS, type Attempt } from './attempts.ts';
import { Live } from './live.ts';
import type { Json } from './objects.ts';

let live: Live;
/** What the rules said of an attempt before commit, by what it does. */
const sentences = new Map<string, string>();
const intruders = ATTEMPTS.map((attempt, i) => ({ ...attempt, name: `pr-shop-${20 + i}` }));
const appAttempts = ATTEMPTS.filter(({ part }) => part === 'app').map((attempt) => [attempt.what, attempt] as const);

beforeAll(async () => {
  live = await Live.start();
  await live.install();
  live.apps.pull({ number: 8 });
  intruders.forEach((_, i) => {
    live.apps.pull({ number: 20 + i });
  });
  await live.sweep();
  await live.refresh();
  for (const { name } of [{ name: 'pr-shop-8' }, ...intruders]) await live.untilRunning(name);
});
afterAll(() => live?.stop());

describe('a manifest that reaches out of its fence', () => {
  it.each(appAttempts)('is refused before it is committed when it %s', async (_, { what, text, rule }: Attempt) => {
    const head = await live.repo.head();
    live.apps.pull({ number: 70, manifests: { 'intruder.yaml': text.replaceAll('NAME', 'pr-shop-70') } });
    const { code, stdout } = await live.trySync(70);
    expect([2, 3]).toContain(code);
    expect(await live.repo.head()).toBe(head);
    if (rule === undefined) return;
    const { findings } = JSON.parse(stdout).state;
    expect([code, findings.map((finding: Json) => finding.rule)]).toEqual([3, [rule]]);
    // What was found is said before commit only: admission has one sentence a rule.
    sentences.set(what, findings[0].message.replace(/ Found .*$/, ''));
  });

  it('is refused by Argo CD’s project, the impersonated account or admission, and the fence is intact', async () => {
    const FENCE = 'resourcequota,limitrange,networkpolicy,rolebinding,serviceaccount';
    const fences = async () => {
      const { items } = await live.get(FENCE, '--all-namespaces');
      return items
        .filter(({ metadata }: Json) => metadata.namespace.startsWith('pr-'))
        .map(({ kind, metadata, spec, roleRef, subjects }: Json) => {
          return [kind, metadata.namespace, metadata.name, metadata.uid, spec, roleRef, subjects];
        });
    };
    const before = await fences();
    expect(before.length).toBeGreaterThan(intruders.length * 8);
    const files = intruders.map(({ name, part, text }): [string, string] => [
      `previews/main/shop/${name}/${part}/intruder.yaml`,
      text.replaceAll('NAME', name),
    ]);
    await live.repo.push(new Map(files), 'pushed past greenroom');
    const applications = intruders.map(({ name, part }) => (part === 'fence' ? `${name}-fence` : name));
    await live.refresh(...applications);
    for (const [i, { what, rule }] of intruders.entries()) {
      const reasons = await eventually(() => refusalOf(applications[i]!), { what: `${what}: to be refused` });
      expect(reasons, what).toMatch(
        /not permitted|is not allowed|forbidden|may only change previews|attempting to grant|shared|part of applications|ask the platform team/i,
      );
      // The maker reads the same sentence wherever it is refused.
      if (rule !== undefined) expect(reasons).toContain(sentences.get(what));
    }
    const found = await live.cluster.kubectl([
      'get',
      'configmap,rolebinding,deployment,service,ingress,pod',
      '--all-namespaces',
      '--output=name',
    ]);
    expect(found).not.toContain('intruder');
    expect(await live.exists('clusterrole', 'intruder')).toBe(false);
    expect((await live.get('namespace', 'kube-public')).metadata.labels).not.toHaveProperty('greenroom.dev/preview');
    expect((await live.get('namespace', 'pr-shop-8')).metadata.labels).not.toHaveProperty('stolen');
    expect(await fences()).toEqual(before);
  });

  it('goes without a trace when its pull request closes, failing operations or not', async () => {
    intruders.forEach((_, i) => {
      live.apps.pull({ number: 20 + i, state: 'closed' });
    });
    await live.sweep('--yes');
    expect([...(await live.repo.files('previews')).keys()].filter((path) => path.includes('intruder'))).toEqual([]);
    await live.refresh();
    for (const { name } of intruders) await live.untilGone(name);
    for (const name of ['kube-public', 'pr-shop-8', 'kube-system']) {
      expect((await live.get('namespace', name)).status.phase).toBe('Active');
    }
  });
});

describe('a folder that stops the ApplicationSets for all previews', () => {
  const isStuck = async () => {
    const { items } = await live.get('applicationset', '--namespace=argocd');
    return items.some(({ status }: Json) =>
      status?.conditions?.some((c: Json) => c.type === 'ErrorOccurred' && c.status === 'True'),
    );
  };

  it('is gone after the next sweep, and no preview with it', async () => {
    const { uid } = (await live.get('namespace', 'pr-shop-8')).metadata;
    const own = await live.repo.files('previews/main/shop/pr-shop-8');
    const copied = [...own].map(([path, text]): [string, string] => [path.replace('/shop/', '/other/'), text]);
    const broken = 'previews/main/shop/pr-shop-99/preview.json';
    await live.repo.push(new Map([...copied, [broken, '{ "name": ']]), 'pushed past greenroom');
    await live.refreshAfterFailure();
    await eventually(isStuck, { what: 'the ApplicationSets to be stuck' });
    const { code, stdout } = await live.trySweep();
    expect([code, JSON.parse(stdout).alarms]).toEqual([
      1,
      [
        expect.stringMatching(/^previews\/main\/other\/pr-shop-8 /),
        expect.stringMatching(/pr-shop-99 .*an invalid preview\.json/),
      ],
    ]);
    await live.refreshAfterFailure();
    await eventually(async () => !(await isStuck()), { what: 'the ApplicationSets to work again' });
    live.apps.pull({ number: 9 });
    await live.sync(9);
    await live.refresh();
    await live.untilRunning('pr-shop-9');
    expect((await live.get('namespace', 'pr-shop-8')).metadata.uid).toBe(uid);
  });
});

/** What Argo CD says of the objects that it could not apply, or of the Application; nothing while there is nothing. */
async function refusalOf(name: string): Promise<string | false> {
  const { status } = await live.application(name);
  const refused = (status?.operationState?.syncResult?.resources ?? []).filter((r: Json) => r.status === 'SyncFailed');
  const errors = (status?.conditions ?? []).filter((condition: Json) => /Error/.test(condition.type));
  const all = refused.length > 0 ? refused : errors;
  return all.length > 0 && all.map(({ message }: Json) => message).join('\n');
}
