import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import { anyPreview, ROOMY_PLATFORM } from '../support/any-preview.ts';
import { compileInput, OPENED, platform } from '../support/inputs.ts';
import fc, { runs } from '../support/property.ts';

const SETTINGS = Object.entries(ROOMY_PLATFORM).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`);
const identity = { repositoryId: 42, owner: 'acme', repository: 'any', number: 7 };

test.each(['', 'ingress: { kind: gateway }', 'knative: true', 'reconciler: flux'])(
  'any preview.yaml that is right renders, keeps the rules, and is the same twice, with %j',
  (settings) => {
    const compile = createCompiler({
      platform: platform(`${SETTINGS.join('')}${settings}`),
      now: OPENED,
    });
    fc.assert(
      fc.property(anyPreview, (spec) => {
        const text = JSON.stringify({ apiVersion: 'greenroom.dev/v1alpha1', kind: 'Preview', spec });
        const { denied, findings, files, folder } = compile(compileInput(text, { identity }));
        expect([denied, findings.filter(({ severity }) => severity === 'deny')]).toEqual([false, []]);
        expect(compile(compileInput(text, { identity })).files).toEqual(files);
        const paths = [...files.keys()];
        expect(paths).toEqual([...new Set(paths)]);
        for (const [path, content] of files) {
          if (!path.endsWith('.yaml')) continue;
          const { metadata } = parse(content);
          expect(path.startsWith(`${folder}/`)).toBe(true);
          if (path.startsWith(`${folder}/app/`)) expect(metadata.namespace).toBe('pr-any-7');
        }
      }),
      { numRuns: runs(200) },
    );
  },
);
