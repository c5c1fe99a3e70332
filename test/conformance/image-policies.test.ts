import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emitYaml } from '../../lib/core/yaml.ts';
import { loadPlatform } from '../../lib/model/files.ts';
import type { Engine } from '../../lib/model/platform.ts';
import { compileOptions, compilePolicies } from '../../lib/policies/engines/index.ts';
import { bundle, type KeyPair, keyPair, type StatementOptions, simple, statement } from '../evidence/signing.ts';
import { platform, platformText } from '../support/inputs.ts';
import { judge } from './judges.ts';
import { judgeWithKyverno } from './policies/kyverno.ts';
import { run, tryRun } from './run.ts';
import { pushLayer, pushReferrer, type Registries, startRegistries } from './support/registries.ts';

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

describe('signatures in the older layout', () => {
  const settings = (verifier: string, engine: string) => {
    const keys = `keys: [${JSON.stringify(KEY.pem)}, ${JSON.stringify(SECOND.pem)}]`;
    const text = platformText(
      `evidence: { require: [digest, signature], admission: signatures, verifier: ${verifier}, layout: older, ${keys} }\npolicies: { engines: [${engine}] }`,
    );
    return loadPlatform(text.replace('ghcr.io', registries.hosts.referrers), 'greenroom.yaml').value.spec;
  };
  const verified = (verifier: string, engine: Engine) =>
    compilePolicies(compileOptions(settings(verifier, engine), engine)).filter(({ metadata }) =>
      metadata.name.endsWith('-verified'),
    );

  /** Image and whether it is signed by a key of the platform, as both verifiers should see it. */
  async function cases(): Promise<Record<string, { readonly image: string; readonly signed: boolean }>> {
    const older = (key: KeyPair, about?: string) => async (name: string, digest: string) => {
      const { payload, annotations } = simple(about ?? digest, key);
      await pushLayer(name, `${digest.replace(':', '-')}.sig`, payload, annotations);
    };
    const with_ = async (attach: (name: string, digest: string) => Promise<void>, bundles = 0): Promise<string> => {
      const reference = await image(...Array.from({ length: bundles }, () => signed()));
      const [name = '', digest = ''] = reference.split('@');
      await attach(name, digest);
      return reference;
    };
    const other = `sha256:${'0'.repeat(64)}`;
    return {
      good: { image: await with_(older(KEY)), signed: true },
      second: { image: await with_(older(SECOND)), signed: true },
      nothing: { image: await image(), signed: false },
      stranger: { image: await with_(older(STRANGER)), signed: false },
      'other-image': { image: await with_(older(KEY, other)), signed: false },
      'parts-alone': { image: await image(parts()), signed: false },
      bundle: { image: await image(signed()), signed: false },
    };
  }

  it('verifyImages of Kyverno refuses what nobody of the platform has signed, in every list of a pod', async () => {
    const policies = verified('kyverno-legacy', 'kyverno-legacy');
    expect(policies).toHaveLength(1);
    // Only for the registry of this machine, which speaks plain HTTP.
    const asked = '"mutateDigest":false';
    const insecure = JSON.parse(
      JSON.stringify(policies).replace(asked, `"imageRegistryCredentials":{"allowInsecureRegistry":true},${asked}`),
    );
    const all = await cases();
    const [good, bad] = [all['good']!.image, all['nothing']!.image];
    const specs: Record<string, { spec: object; signed: boolean }> = {
      ...Object.fromEntries(
        Object.entries(all).map(([name, one]) => [
          name,
          { spec: { containers: [container(one.image)] }, signed: one.signed },
        ]),
      ),
      init: { spec: { initContainers: [container(bad)], containers: [container(good)] }, signed: false },
      debug: { spec: { ephemeralContainers: [container(bad)], containers: [container(good)] }, signed: false },
      volume: {
        spec: {
          volumes: [
            { name: 'tmp', emptyDir: {} },
            { name: 'v', image: { reference: bad } },
          ],
          containers: [container(good)],
        },
        signed: false,
      },
      'good-volume': {
        spec: { volumes: [{ name: 'v', image: { reference: good } }], containers: [container(good)] },
        signed: true,
      },
    };
    const objects = Object.entries(specs).map(([name, { spec }]) => pod(name, spec));
    const verdicts = await judgeWithKyverno(kyverno, { policies: insecure, objects, namespaces: [NAMESPACE] });
    const found = Object.fromEntries(objects.map((object, i) => [object.metadata.name, verdicts[i]!.size === 0]));
    expect(found).toEqual(Object.fromEntries(Object.entries(specs).map(([name, one]) => [name, one.signed])));
  });

  it('policy-controller refuses what nobody of the platform has signed', async () => {
    const tester = await judge('policy-tester');
    const [policy, ...others] = verified('policy-controller', 'vap');
    expect(others).toEqual([]);
    const file = join(registries.folder, 'cluster-image-policy.yaml');
    writeFileSync(file, emitYaml(policy));
    const all = await cases();
    const found: Record<string, boolean> = {};
    for (const [name, one] of Object.entries(all)) {
      const { code, stdout, stderr } = await tryRun(tester, [`--policy=${file}`, `--image=${one.image}`]);
      if (code !== 0 && !stdout.includes('"errors"')) throw new Error(`${name}: ${stdout}${stderr}`);
      found[name] = code === 0;
    }
    expect(found).toEqual(Object.fromEntries(Object.entries(all).map(([name, one]) => [name, one.signed])));
  });
});
