import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { GreenroomError } from '../../../lib/core/errors.ts';
import { isDenial } from '../../../lib/core/finding.ts';
import { createChecker } from '../../../lib/policies/checker.ts';
import { ruleParams } from '../../../lib/policies/params.ts';
import { checkFile, createCheckers } from '../../../lib/verify/check-file.ts';
import { platform } from '../../support/inputs.ts';
import { type Cluster, startCluster } from '../cluster.ts';
import { eventually } from '../eventually.ts';
import { ApiServer, type Manifest } from '../policies/api-server.ts';
import { schemaFolder } from '../schemas.ts';
import { baseTexts } from './bases.ts';
import { type Changed, changes, describeChange, type Schema } from './changes.ts';
import { isStricter } from './stricter.ts';

const NAMESPACE = 'pr-any-1';
const SEED = Number(process.env['GREENROOM_SEED'] ?? 20_261_130);
/** Changes of one field, and of two at once. GREENROOM_SOAK tries all of the first. */
const [SINGLE, DOUBLE] = process.env['GREENROOM_SOAK'] === undefined ? [1000, 400] : [Number.POSITIVE_INFINITY, 5000];

let cluster: Cluster;
let api: ApiServer;
let folder: string;

beforeAll(async () => {
  folder = await schemaFolder();
  cluster = await startCluster();
  const { users } = JSON.parse(readFileSync(cluster.kubeconfig, 'utf8'));
  api = new ApiServer({ server: cluster.server, token: users[0].user.token });
  // The fence of a preview, as far as it refuses objects: its namespace holds pods to Pod Security, and its account.
  const metadata = { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } };
  await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata }));
  await cluster.apply(
    JSON.stringify({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: NAMESPACE } }),
  );
  for (const base of bases()) await eventually(() => api.path(base), { what: `the API server to serve ${base.kind}` });
});
afterAll(async () => {
  api?.close();
  await cluster?.stop();
});

const bases = (): Manifest[] => baseTexts().map((text) => parse(text) as Manifest);

const spec = platform('policies: { parameters: { allowedKinds: { PersistentVolumeClaim: true } } }');
const checkers = createCheckers(spec);
/** Only what an API server would refuse by itself. */
const withoutRules = { ...checkers, maker: createChecker({ params: ruleParams(spec), onlyRules: [] }) };

/** What `greenroom check` has against an object. */
function refusals(object: unknown, by = checkers): string[] {
  try {
    const { findings } = checkFile(by, Buffer.from(JSON.stringify(object)), 'object.json', { fixes: false });
    return findings.filter(isDenial).map(({ rule, field }) => `${rule} ${field}`);
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code !== 'invalid-input') throw error;
    return error.problems.map(({ field, message }) => `${field}: ${message}`);
  }
}

/** What a real API server has against an object, or against the pods that are made from it; null if nothing. */
async function answer(object: Manifest): Promise<string | null> {
  const { namespace: _, ...metadata } = object.metadata ?? {};
  const answered = await create({ ...object, metadata: { ...metadata, namespace: NAMESPACE } });
  const pod = answered === null ? podOf(object) : null;
  return pod === null ? answered : create(pod);
}

async function create(object: Manifest): Promise<string | null> {
  const path = `${await api.path(object)}?dryRun=All&fieldValidation=Strict`;
  const { status, body } = await api.send('POST', path, object);
  return status < 300 ? null : String(body?.message ?? body);
}

/** A pod as the controller of a workload makes it. */
function podOf({ kind, spec: all }: Manifest): Manifest | null {
  // biome-ignore lint/suspicious/noExplicitAny: the API server has just taken it
  const workload = kind === 'CronJob' ? (all as any).jobTemplate.spec : (all as any);
  const template = workload?.template;
  if (template?.spec === undefined) return null;
  const claims = (workload.volumeClaimTemplates ?? []).map(({ metadata }: Manifest) => ({
    name: metadata.name,
    persistentVolumeClaim: { claimName: 'claim' },
  }));
  const volumes = [...(template.spec.volumes ?? []), ...claims];
  const metadata = { ...template.metadata, name: 'pod', namespace: NAMESPACE };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { ...template.spec, volumes } };
}

/** All changes of one field of an object. Pods are the same in all workloads, so that one of these is enough. */
function changesOf(base: Manifest): Changed[] {
  const [group, version] = base.apiVersion.includes('/') ? base.apiVersion.split('/') : ['v1', base.apiVersion];
  const text = readFileSync(join(folder, `${base.kind.toLowerCase()}-${group}-${version}.json`), 'utf8');
  const isOwn = ({ path }: Changed) => base.kind === 'Deployment' || !path.slice(0, -1).includes('template');
  return changes(base, JSON.parse(text) as Schema).filter(isOwn);
}

interface Disagreement {
  readonly change: string;
  readonly check: readonly string[];
  readonly server: string | null;
}

/** Changes whose verdicts differ. The API server is asked for many at once. */
async function disagreements(changed: readonly (Changed & { readonly text: string })[]): Promise<Disagreement[]> {
  const found: Disagreement[] = [];
  for (let i = 0; i < changed.length; i += 64) {
    const batch = changed.slice(i, i + 64);
    const answers = await Promise.all(batch.map(({ object }) => answer(object as unknown as Manifest)));
    for (const [k, one] of batch.entries()) {
      const server = answers[k] ?? null;
      const problems = refusals(one.object, withoutRules);
      const isMissed = server !== null && problems.length === 0 && refusals(one.object).length === 0;
      const isWrong = server === null && problems.length > 0 && !problems.every((text) => isStricter(text));
      if (isMissed || isWrong) found.push({ change: one.text, check: problems, server });
    }
  }
  return found;
}

it('the objects to change pass both', async () => {
  for (const base of bases()) {
    expect({ kind: base.kind, check: refusals(base), server: await answer(base) }).toEqual({
      ...{ kind: base.kind, check: [], server: null },
    });
  }
});

it(`check refuses what a real API server refuses, field by field (GREENROOM_SEED=${SEED})`, async () => {
  const all = bases().flatMap((base) =>
    changesOf(base).map((change) => ({ ...change, text: `${base.kind} ${describeChange(change)}` })),
  );
  const most = Math.min(SINGLE, all.length);
  const [some] = fc.sample(fc.shuffledSubarray(all, { minLength: most, maxLength: most }), { seed: SEED, numRuns: 1 });
  expect(await disagreements(some!)).toEqual([]);
});

it(`and two fields at once (GREENROOM_SEED=${SEED})`, async () => {
  const pairs = bases().flatMap((base) => {
    const all = changesOf(base);
    const share = Math.ceil(DOUBLE / baseTexts().length);
    return fc
      .sample(fc.tuple(fc.constantFrom(...all), fc.nat()), { seed: SEED, numRuns: share })
      .flatMap(([first, at]) => {
        const again = changesOf(first.object as unknown as Manifest);
        const second = again[at % again.length];
        if (second === undefined) return [];
        return [{ ...second, text: `${base.kind} ${describeChange(first)}; ${describeChange(second)}` }];
      });
  });
  expect(await disagreements(pairs)).toEqual([]);
});
