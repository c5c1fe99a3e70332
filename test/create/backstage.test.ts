import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkAnswers, type TemplateAnswers } from '../../lib/create/answers.ts';
import { builtInTemplates, givenOf, projectFiles } from '../../lib/create/project.ts';
import { loadMicroApp } from '../../lib/model/micro-app.ts';
import { inProcess } from '../support/command.ts';
import { tempFolder } from '../support/git.ts';
import { platform, platformText } from '../support/inputs.ts';

/** Backstage's engine, set up as its `fetch:template` does: `SecureTemplater` of `@backstage/plugin-scaffolder-node`. */
interface Nunjucks {
  readonly Environment: new (loader: null, options: object) => { renderString(text: string, context: object): string };
}
const nunjucks = createRequire(import.meta.url)('nunjucks') as Nunjucks;
const engine = new nunjucks.Environment(null, {
  autoescape: false,
  tags: { variableStart: '${{', variableEnd: '}}' },
});

type Step = { action: string; input: { values: Record<string, string>; url: string } };
let out: string;
beforeAll(async () => {
  const folder = tempFolder();
  out = join(folder, 'backstage');
  mkdirSync(out);
  writeFileSync(join(folder, 'greenroom.yaml'), platformText());
  const { code, stdout } = await inProcess(['backstage', '--platform', 'greenroom.yaml', '--out', 'backstage'], folder);
  expect([code, stdout.trim().split('\n').length]).toEqual([0, 4]);
});

const entity = (name: string) => parse(readFileSync(join(out, name, 'template.yaml'), 'utf8'));

/** What a step gets when the form was filled in so; a value that is one placeholder keeps its type, as in Backstage. */
function inputOf(step: Step, parameters: Record<string, unknown>): Record<string, unknown> {
  const filled = (text: string) => {
    const [, only] = /^\$\{\{ parameters\.(\w+) \}\}$/.exec(text) ?? [];
    return only === undefined ? engine.renderString(text, { parameters }) : parameters[only];
  };
  return Object.fromEntries(Object.entries(step.input.values).map(([name, text]) => [name, filled(text)]));
}

/** All files below a folder as `fetch:template` writes them. */
function fetched(folder: string, values: object): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, 'utf8');
      const name = engine.renderString(path.slice(folder.length + 1), { values });
      return name.endsWith('.njk') ? [name.slice(0, -4), engine.renderString(text, { values })] : [name, text];
    }),
  );
}

describe.each([...builtInTemplates().values()])('$name in Backstage', (template) => {
  const awkward: TemplateAnswers = { description: "L'été: «Läden» & 日本語 #1, yes: no - 100%" };
  test.each<[string, TemplateAnswers]>([
    ['defaults', {}],
    ['awkward answers', awkward],
    ['an empty answer', { description: '' }],
    ['no sample', template.name === 'web-service-python' ? { sample: false } : {}],
  ])('writes the bytes that greenroom new writes, with %s', (_, given) => {
    const answers = checkAnswers(template, given);
    const ours = projectFiles(template, givenOf('acme/shop', 'medium', platform()), answers);
    const [step] = entity(template.name).spec.steps as [Step];
    const values = inputOf(step, { repo: 'shop', team: 'group:web', size: 'medium', ...answers });
    expect(fetched(join(out, template.name, 'skeleton'), values)).toEqual(Object.fromEntries(ours));
  });

  test('asks the same questions, and holds texts to the same pattern', () => {
    type Page = { properties: Record<string, { pattern?: string }>; 'ui:order': string[] };
    const pages = entity(template.name).spec.parameters as Page[];
    const asked = Object.assign({}, ...pages.map(({ properties }) => properties));
    const order = ['repo', 'team', 'size', ...template.pages.flatMap((page) => Object.keys(page.properties))];
    expect(pages.flatMap((page) => page['ui:order'])).toEqual(order);
    expect(Object.keys(asked).sort()).toEqual([...order].sort());
    expect(new RegExp(asked.description.pattern, 'u').test('a"b')).toBe(false);
    for (const name of ['Shop', 'a--b', '-a', 'a_b', 'a'.repeat(41)])
      expect(new RegExp(asked.repo.pattern).test(name)).toBe(false);
    for (const name of ['shop', 'shop-7', 'ab']) expect(new RegExp(asked.repo.pattern).test(name)).toBe(true);
    for (const who of ['web', 'Team Web', '@', 'group:']) expect(new RegExp(asked.team.pattern).test(who)).toBe(false);
    for (const who of ['group:default/web', 'user:default/mia.m', '@acme/web'])
      expect(new RegExp(asked.team.pattern).test(who)).toBe(true);
  });

  test('proposes a registration that greenroom reads', () => {
    const steps = entity(template.name).spec.steps as Step[];
    const step = steps.find(({ input }) => input.url === './registration')!;
    const values = inputOf(step, { repo: 'shop', team: 'group:default/web' });
    const files = fetched(join(out, template.name, 'registration'), values);
    expect(Object.keys(files)).toEqual(['shop.yaml']);
    const { spec } = loadMicroApp(files['shop.yaml']!, 'apps/acme/shop.yaml').value;
    expect(spec).toEqual({ repository: 'acme/shop', owner: 'group:default/web' });
  });
});
