import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { newAppsRepo } from '../../lib/scaffold/init.ts';
import { inProcess } from '../support/command.ts';
import { bareRepo, filesOf, tempFolder } from '../support/git.ts';
import { platformText } from '../support/inputs.ts';
import { PROJECT_TEMPLATES, projectOf } from '../support/project-templates.ts';

const root = join(import.meta.dirname, '../..');

interface Schema {
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
}

/** Paths of all properties that nothing is said of. */
function silent(schema: Schema, path = ''): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => [
    ...(property.title === undefined && property.description === undefined ? [`${path}.${name}`] : []),
    ...silent(property, `${path}.${name}`),
  ]);
  const below = [schema.items, schema.additionalProperties, ...(schema.anyOf ?? [])];
  return [...own, ...below.flatMap((each) => (typeof each === 'object' ? silent(each, `${path}[]`) : []))];
}

describe.each(['preview', 'platform', 'micro-app', 'exception', 'template'])('the schema of a %s', (name) => {
  let schema: Schema;
  beforeAll(async () => {
    schema = JSON.parse((await inProcess(['schema', name])).stdout);
  });

  test('has a name of its own, and says what it is', () => {
    expect(schema).toMatchObject({ $id: `urn:greenroom:v1alpha1:${name}`, title: expect.stringMatching(/\.yaml$/) });
    expect(schema.description).toMatch(/^.{20,}[.]$/);
  });

  test('says of every setting what it is', () => {
    // What a platform asks in its own template is JSON Schema's.
    expect(silent(schema).filter((path) => !path.includes('.parameters'))).toEqual([]);
  });
});

const HINT = /^# yaml-language-server: \$schema=(\S+)$/m;

/** The hint stands where editors look for it: above everything but comments. */
function hintOf(text: string): string | undefined {
  const head = text.slice(0, text.search(/^[^#\n]/m));
  return HINT.exec(head)?.[1];
}

const KINDS = ['Preview', 'Platform', 'MicroApp', 'Exception', 'Template'];
const isOurs = (text: string) => KINDS.some((kind) => new RegExp(`^kind: ${kind}$`, 'm').test(text));

/** Files that people write, whose hint leads nowhere or to another kind; all of them are looked at. */
function astray(files: ReadonlyMap<string, string>, read: (path: string) => string | undefined) {
  const ours = [...files].filter(([path, text]) => /\.ya?ml(\.txt)?$/.test(path) && isOurs(text));
  const wrong = ours.filter(([path, text]) => {
    const hint = hintOf(text);
    const schema = hint === undefined ? undefined : read(join(dirname(path), hint));
    if (schema === undefined) return true;
    const kind = /^kind: (\w+)$/m.exec(text)![1];
    return (JSON.parse(schema) as { properties: { kind: { const: string } } }).properties.kind.const !== kind;
  });
  return { seen: ours.map(([path]) => path), wrong: wrong.map(([path]) => path) };
}

describe('the first lines of a file lead to its schema', () => {
  test('in all examples', () => {
    const paths = ['previews', 'templates'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.yaml'))
        .map((path) => join(folder, path)),
    );
    const files = new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
    const read = (path: string) => {
      const file = resolve(root, path);
      return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    };
    const { seen, wrong } = astray(files, read);
    expect(seen.length).toBeGreaterThan(15);
    expect(wrong).toEqual([]);
  });

  test('in an apps repo', () => {
    const answers = { domain: 'apps.example.com', owner: 'acme' };
    const files = newAppsRepo({ version: '1.0.0', answers });
    expect(astray(files, (path) => files.get(path))).toEqual({
      seen: ['exceptions/example.yaml.txt', 'greenroom.yaml'],
      wrong: [],
    });
  });

  test.each(PROJECT_TEMPLATES)('in what new makes of %s', (name) => {
    const files = projectOf(name);
    expect(astray(files, (path) => files.get(path))).toEqual({ seen: ['preview.yaml'], wrong: [] });
  });

  test('in a registration, by its place in the apps repo', async () => {
    const folder = tempFolder();
    const apps = bareRepo({ 'greenroom.yaml': platformText() }, { path: join(folder, 'acme/previews.git') });
    const args = ['--repo', 'acme/shop', '--owner', '@acme/web', '--no-input', '--apps-repo', apps, '--forge', folder];
    expect(await inProcess(['new', 'function', ...args], folder)).toMatchObject({ code: 0 });
    const laidDown = newAppsRepo({ version: '1.0.0', platform: platformText() });
    const files = new Map(Object.entries(filesOf(apps, 'greenroom/register/acme-shop')));
    files.delete('greenroom.yaml');
    expect(astray(files, (path) => laidDown.get(path))).toEqual({ seen: ['apps/acme/shop.yaml'], wrong: [] });
  });

  test.each([
    ['new --preview-only', ['new', '--preview-only', '--out', 'web/preview.yaml']],
    ['import', ['import', 'compose', 'compose.yaml', '--registry', 'ghcr.io/acme', '--out', 'web/preview.yaml']],
  ])('in what %s writes', async (_, args) => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'Dockerfile'), 'FROM node:24\nEXPOSE 8080\nUSER 1000\n');
    writeFileSync(join(folder, 'compose.yaml'), 'services: { web: { build: ., ports: ["8080:8080"] } }\n');
    expect(await inProcess(args, folder)).toMatchObject({ code: 0 });
    const text = readFileSync(join(folder, 'web/preview.yaml'), 'utf8');
    const read = (path: string) => readFileSync(join(folder, path), 'utf8');
    expect(astray(new Map([['web/preview.yaml', text]]), read)).toEqual({ seen: ['web/preview.yaml'], wrong: [] });
  });
});
