import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import { compileInput, manifests, OPENED, platform, previewText } from '../support/inputs.ts';

const configMap = (name: string, bytes: number) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { a: ${'x'.repeat(bytes)} }\n`;

test('manifests of more than a mebibyte together are refused before they are read', () => {
  const input = (bytes: number) => {
    const names = ['a', 'b', 'c', 'd'].map((name) => [`deploy/${name}.yaml`, configMap(name, bytes)]);
    return compileInput(previewText('manifests: deploy'), { manifests: manifests(Object.fromEntries(names)) });
  };
  const compile = createCompiler({ platform: platform(), now: OPENED });
  expect(() => compile(input(262_144))).toThrow(/deploy: holds \d+ bytes of manifests; at most 1048576 are taken/);
  expect(() => compile(input(262_000))).not.toThrow(/bytes of manifests/);
});

test("with Knative, its activator and autoscaler reach the preview's pods; without, they do not", () => {
  const peers = (extra: string) => {
    const { files, folder } = createCompiler({ platform: platform(extra), now: OPENED })(compileInput());
    const policy = parse(files.get(`${folder}/fence/networkpolicy.allow-ingress.yaml`) ?? '');
    return JSON.stringify(policy.spec.ingress[0].from).includes('"knative-serving"');
  };
  expect([peers('knative: true'), peers('')]).toEqual([true, false]);
});
