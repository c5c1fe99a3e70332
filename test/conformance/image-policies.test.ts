import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileOptions, compilePolicies } from '../../lib/policies/engines/index.ts';
import { bundle, keyPair, type StatementOptions, statement } from '../evidence/signing.ts';
import { platform } from '../support/inputs.ts';
import { judge } from './judges.ts';
import { judgeWithKyverno } from './policies/kyverno.ts';
import { run } from './run.ts';
import { pushReferrer, type Registries, startRegistries } from './support/registries.ts';

const [KEY, SECOND, STRANGER] = [keyPair(), keyPair(), keyPair()];
const SPDX = 'https://spdx.dev/Document';
const PARTS = { spdxVersion: 'SPDX-2.3', packages: [{ name: 'openssl' }] };
const NAMESPACE = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'pr-shop-7', labels: { 'greenroom.dev/preview': 'pr-shop-7' } },
};

let registries: Registries;
let crane: string;
let kyverno: string;
beforeAll(async () => {
  [crane, kyverno, registries] = [
    await judge('crane'),
    await judge('kyverno'),
    await startRegistries('image-policies'),
  ];
});
afterAll(() => registries?.stop());

let count = 0;

/** A fresh image with these bundles beside it; gives its name by digest. */
async function image(...bundles: readonly ((about: Pick<StatementOptions, 'subject'>) => string)[]): Promise<string> {
  const name = `${registries.hosts.referrers}/acme/app${++count}`;
  const layer = join(registries.folder, `layer-${count}.tar`);
  writeFileSync(layer, Buffer.alloc(1024));
  await run(crane, ['append', `--new_layer=${layer}`, `--new_tag=${name}:1`, '--platform=linux/amd64']);
  const digest = (await run(crane, ['digest', `${name}:1`])).trim();
  for (const make of bundles) await pushReferrer(name, digest, make({ subject: digest }), false);
  return `${name}@${digest}`;
}

const signed =
  (key = KEY) =>
  (about: Pick<StatementOptions, 'subject'>) =>
    bundle(statement(about), key);
const parts =
  (predicate: unknown = PARTS, key = KEY) =>
  (about: Pick<StatementOptions, 'subject'>) =>
    bundle(statement({ ...about, predicateType: SPDX, predicate }), key);

const pod = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'pr-shop-7' },
  spec,
});
const container = (reference: string) => ({ name: 'app', image: reference });

it('Kyverno itself refuses what nobody of the platform has signed, in every list of a pod', async () => {
  const keys = `keys: [${JSON.stringify(KEY.pem)}, ${JSON.stringify(SECOND.pem)}]`;
  const settings = `evidence: { require: [digest, signature, sbom], admission: signatures, ${keys} }\npolicies: { engines: [kyverno] }`;
  const options = compileOptions(platform(settings), 'kyverno');
  const policies = compilePolicies(options).filter(({ kind }) => kind === 'ImageValidatingPolicy');
  // Only for the registry of this machine, which speaks plain HTTP.
  const insecure = policies.map((policy) => ({
    ...policy,
    spec: { ...(policy['spec'] as object), credentials: { allowInsecureRegistry: true } },
  }));
  expect(insecure).toHaveLength(2);

  const good = await image(signed(), parts());
  const [unsigned, foreign, partsOnly, second, unlisted, empty, none] = await Promise.all([
    image(parts()),
    image(signed(STRANGER), parts()),
    image(parts(), parts()),
    image(signed(SECOND), parts(PARTS, SECOND)),
    image(signed()),
    image(signed(), parts({ spdxVersion: 'SPDX-2.3', packages: [] })),
    image(signed(), parts(null)),
  ]);
  const volume = { name: 'v', image: { reference: unsigned } };
  const cases: Record<string, { spec: object; refused: readonly string[] }> = {
    good: { spec: { containers: [container(good)] }, refused: [] },
    second: { spec: { containers: [container(second)] }, refused: [] },
    unsigned: { spec: { containers: [container(unsigned)] }, refused: ['signed-image'] },
    foreign: { spec: { containers: [container(foreign)] }, refused: ['signed-image'] },
    'parts-only': { spec: { containers: [container(partsOnly)] }, refused: ['signed-image'] },
    unlisted: { spec: { containers: [container(unlisted)] }, refused: ['sbom-attached'] },
    'empty-list': { spec: { containers: [container(empty)] }, refused: ['sbom-attached'] },
    'null-list': { spec: { containers: [container(none)] }, refused: ['sbom-attached'] },
    init: { spec: { initContainers: [container(unsigned)], containers: [container(good)] }, refused: ['signed-image'] },
    debug: {
      spec: { ephemeralContainers: [container(unsigned)], containers: [container(good)] },
      refused: ['signed-image'],
    },
    volume: { spec: { volumes: [volume], containers: [container(good)] }, refused: ['signed-image'] },
  };
  const objects = Object.entries(cases).map(([name, { spec }]) => pod(name, spec));
  const verdicts = await judgeWithKyverno(kyverno, { policies: insecure, objects, namespaces: [NAMESPACE] });
  const found = Object.fromEntries(objects.map((object, i) => [object.metadata.name, [...verdicts[i]!.keys()].sort()]));
  const wanted = Object.entries(cases).map(([name, { refused }]) => [
    name,
    refused.map((rule) => `greenroom-${rule}-verified`),
  ]);
  expect(found).toEqual(Object.fromEntries(wanted));
});
