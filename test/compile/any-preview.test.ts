import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import { anyPreview } from '../support/any-preview.ts';
import { compileInput, OPENED, platform } from '../support/inputs.ts';
import fc from '../support/property.ts';

const CATALOGUE = ['postgres', 'redis'].map(
  (name) => `  ${name}: { image: "ghcr.io/acme/${name}@sha256:${'1'.repeat(64)}" }`,
);
const ROOMY =
  'namespace: { quota: { requests.cpu: "20", requests.memory: 40Gi, limits.cpu: "40", limits.memory: 80Gi, requests.ephemeral-storage: 40Gi, limits.ephemeral-storage: 80Gi } }';

test.each(['', 'ingress: { kind: gateway }', 'knative: true'])(
  'any preview.yaml that is right renders, keeps the rules, and is the same twice, with %j',
  (settings) => {
    const compile = createCompiler({
      platform: platform(`${ROOMY}\nservices:\n${CATALOGUE.join('\n')}\n${settings}`),
      now: OPENED,
    });
    fc.assert(
      fc.property(anyPreview, (spec) => {
        const text = JSON.stringify({ apiVersion: 'greenroom.dev/v1alpha1', kind: 'Preview', spec });
        const { denied, findings, files, folder } = compile(compileInput(text));
        expect([denied, findings.filter(({ severity }) => severity === 'deny')]).toEqual([false, []]);
        expect(compile(compileInput(text)).files).toEqual(files);
        const paths = [...files.keys()];
        expect(paths).toEqual([...new Set(paths)]);
        for (const [path, content] of files) {
          if (!path.endsWith('.yaml')) continue;
          const { kind, metadata } = parse(content);
          expect(path.startsWith(`${folder}/`)).toBe(true);
          expect(kind === 'Namespace' || metadata.namespace === 'pr-shop-7').toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  },
);
