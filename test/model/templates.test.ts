import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, describe, expect, test } from 'vitest';
import { loadPlatform, loadPreview } from '../../lib/model/files.ts';
import { jsonSchemaOf } from '../../lib/model/json-schema.ts';
import { previewSchema } from '../../lib/model/preview.ts';
import { TEMPLATES } from '../../lib/model/templates/index.ts';
import { requiredFields } from '../../lib/model/templates/required.ts';
import type { WorkloadParts } from '../../lib/model/templates/runtime.ts';
import type { Template } from '../../lib/model/templates/template.ts';
import { templateSettings } from '../../scripts/docs/reference.ts';
import { compileInput, OPENED, platformText, previewText } from '../support/inputs.ts';
import { requiredLines } from '../support/templates.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(root, 'test/model/.recipe-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const load = (template: string, extra = '') =>
  loadPreview(previewText(extra).replace('web-service', template), 'preview.yaml').value.spec;

describe('the list of templates', () => {
  test('is what preview.yaml, its JSON Schema and the clusters of greenroom.yaml take', () => {
    const names = TEMPLATES.map(({ name }) => name);
    expect(JSON.stringify(jsonSchemaOf(previewSchema))).toContain(`"enum":${JSON.stringify(names)}`);
    for (const template of TEMPLATES) {
      const { name } = template;
      expect(load(name, requiredLines(template)).template).toBe(name);
      const cluster = `clusters: [{ name: a, server: "https://a.example.com", when: { templates: [${name}] } }]`;
      expect(() => loadPlatform(platformText(cluster), 'greenroom.yaml')).not.toThrow();
    }
    expect(() => load('web-servce')).toThrow(/found "web-servce"; did you mean web-service\?/);
  });

  test('holds each name, and each field of a single template, once', () => {
    const names = TEMPLATES.map(({ name }) => name);
    const fields = TEMPLATES.flatMap((template) => Object.keys(template.fields));
    expect(names).toEqual([...new Set(names)]);
    expect(fields).toEqual([...new Set(fields)]);
  });

  test('fills in what a file leaves out', () => {
    for (const template of TEMPLATES) {
      expect(load(template.name, requiredLines(template))).toMatchObject({ port: template.defaults.port, size: null });
    }
  });
});

/** The file of the template that the recipe shows, with imports that work from elsewhere. */
function recipeFile(): string {
  const page = readFileSync(join(root, 'docs/recipes/add-a-template.md'), 'utf8');
  const [, code] = /^```ts\n(.*?)^```$/ms.exec(page)!;
  const file = join(folder, 'cron.ts');
  const templates = join(root, 'lib/model/templates');
  writeFileSync(file, code!.replaceAll("'../", `'${templates}/../`).replaceAll("'./", `'${templates}/`));
  return file;
}

/** What this project is once the recipe's template is in its list. */
async function withRecipe() {
  const outfile = join(folder, 'with-cron.mjs');
  const list = (path: string) => readFileSync(path, 'utf8').replace('const ALL = [', 'const ALL = [cron, ');
  await build({
    stdin: {
      contents: `export { checkPlatform, createCompiler } from './lib/compile/compile.ts';
        export { loadPlatform, loadPreview } from './lib/model/files.ts';`,
      resolveDir: root,
    },
    plugins: [
      {
        name: 'recipe',
        setup({ onLoad }) {
          onLoad({ filter: /lib.model.templates.index\.ts$/ }, ({ path }) => ({
            contents: `import { cron } from ${JSON.stringify(recipeFile())};\n${list(path)}`,
            loader: 'ts',
          }));
        },
      },
    ],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  });
  type Compile = typeof import('../../lib/compile/compile.ts');
  type Files = typeof import('../../lib/model/files.ts');
  return (await import(outfile)) as Compile & Files;
}

test('with the template of the recipe, platforms still work, and its previews compile', async () => {
  const { checkPlatform, createCompiler, loadPlatform, loadPreview } = await withRecipe();
  const settings = { platform: loadPlatform(platformText(), 'greenroom.yaml').value.spec, now: OPENED };
  expect(() => checkPlatform(settings)).not.toThrow();
  const compile = createCompiler(settings);
  const cron = (extra: string) =>
    compileInput(undefined, {
      preview: loadPreview(previewText(extra).replace('web-service', 'cron'), 'preview.yaml'),
    });
  expect(compile(cron('schedule: "0 3 * * *"'))).toMatchObject({ denied: false, findings: [], url: null });
  // A mistake in such a file is its maker's.
  expect(() => compile(cron(''))).toThrow(/^preview\.yaml.*schedule: is required for a cron/);
});

test('the recipe to add a template makes one', async () => {
  const { cron } = (await import(recipeFile())) as { cron: Template };
  expect([cron.isRouted, cron.defaults]).toEqual([false, { port: null, size: null }]);
  const parts: WorkloadParts = {
    metadata: { name: 'pr-shop-7', namespace: 'pr-shop-7', labels: {}, annotations: {} },
    podMetadata: { labels: {} },
    pod: { containers: [{ name: 'app' }] },
    selector: {},
    replicas: 1,
  };
  const object = cron.workload!(parts, { schedule: '*/5 * * * *' });
  expect(object).toMatchObject({ apiVersion: 'batch/v1', kind: 'CronJob', spec: { schedule: '*/5 * * * *' } });
  parts.pod.containers.push({ name: 'later' });
  expect(JSON.stringify(object)).toContain('later');
  expect(() => cron.workload!(parts, { schedule: '; rm' })).toThrow(/cron schedule/);
  // What the pages and the tests of all templates need of it.
  expect(requiredFields(cron)).toEqual({ schedule: '0 3 * * *' });
  expect(templateSettings([cron])).toContain('# When it runs, in UTC. Required.\nschedule: 0 3 * * *\n');
});
