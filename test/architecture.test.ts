import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tempFolder } from './support/git.ts';

// The linter is what keeps the layers apart (biome.json); here it has to show that it would.
const root = fileURLToPath(new URL('../', import.meta.url));

/** Lints these files by the project's own settings; gives `rule path` of each complaint. */
function complaints(files: Record<string, string>): string[] {
  const folder = tempFolder();
  const { vcs: _, ...config } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
  for (const [path, text] of Object.entries({ ...files, 'biome.json': JSON.stringify(config) })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const args = [biome, 'lint', '--max-diagnostics=none', '--colors=off', '.'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  return [...`${stdout}${stderr}`.matchAll(/^(lib\/\S+?):\d+:\d+ lint\/\w+\/(\w+)/gm)].map(
    ([, path, rule]) => `${rule} ${path}`,
  );
}

const using = (specifier: string) => `import { x } from '${specifier}';\n\nexport const y = x;\n`;

test('an import against the direction is an error; one with it is none', () => {
  const against = {
    'lib/core/a.ts': using('../model/layout.ts'),
    'lib/model/load/b.ts': using('../../policies/check.ts'),
    'lib/policies/c.ts': using('../constructs/index.ts'),
    'lib/gitops/d.ts': using('../forge/forge.ts'),
    'lib/forge/e.ts': using('cdk8s'),
    'lib/report/f.ts': using('../sync/sync.ts'),
    'lib/compile/g.ts': using('../gitops/plan.ts'),
    'lib/sync/h.ts': using('../cli/io.ts'),
    'lib/sync/i.ts': using('@octokit/rest'),
    'lib/scaffold/j.ts': using('commander'),
    'lib/serve/k.ts': using('../compile/compile.ts'),
    'lib/sync/l.ts': using('../serve/service.ts'),
    'lib/sync/m.ts': using('prom-client'),
  };
  const found = complaints({ ...against, 'lib/model/fine.ts': using('../core/errors.ts') });
  expect(new Set(found)).toEqual(new Set(Object.keys(against).map((path) => `noRestrictedImports ${path}`)));
});

test('a cycle of imports is an error', () => {
  const found = complaints({
    'lib/core/a.ts': "import { b } from './b.ts';\n\nexport const a = () => b;\n",
    'lib/core/b.ts': "import { a } from './a.ts';\n\nexport const b = () => a;\n",
  });
  expect(new Set(found)).toEqual(new Set(['noImportCycles lib/core/a.ts', 'noImportCycles lib/core/b.ts']));
});
