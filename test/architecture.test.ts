import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { RECONCILER_NAMES } from '../lib/model/platform.ts';
import { linterOverrides, withRoomTable } from '../scripts/layers/generate.ts';
import { PACKAGES, ROOMS } from '../scripts/layers/table.ts';
import { tempFolder } from './support/git.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

describe('the table of rooms', () => {
  test('is what the linter and docs/architecture.md say; `npm run layers` writes both', () => {
    const { overrides } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
    expect(overrides).toEqual(linterOverrides());
    const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
    expect(page).toBe(withRoomTable(page));
  });

  test('allows only what is used', () => {
    const used = new Set(imports().map(({ from, to }) => `${from} ${to}`));
    const allowed = ROOMS.flatMap(({ name, from, inner = {} }) => [
      ...(from === 'everything' ? [] : from.map((room) => `${name} ${room}`)),
      ...Object.entries(inner).flatMap(([folder, others]) =>
        others.map((other) => `${name}/${folder} ${name}/${other}`),
      ),
    ]);
    const packages = Object.entries(PACKAGES).flatMap(([pack, rooms]) => rooms.map((room) => `${room} ${pack}`));
    const unused = [...allowed, ...packages].filter((permission) => !used.has(permission));
    expect(unused, 'remove these from scripts/layers/table.ts, then run `npm run layers`').toEqual([]);
  });

  test('names every room there is', () => {
    const entries = readdirSync(join(root, 'lib'), { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(folders.sort()).toEqual(ROOMS.map(({ name }) => name).sort());
  });
});

describe('reconcilers', () => {
  const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, text: readFileSync(join(root, 'lib', path), 'utf8') }));

  test('are named by the registry and by the list of the model, and nowhere else', () => {
    const name = new RegExp(`['"\`](?:${RECONCILER_NAMES.join('|')})['"\`]`);
    const code = (text: string) => text.replace(/^ *\*.*$/gm, '');
    const naming = sources.filter(({ text }) => name.test(code(text))).map(({ path }) => path);
    expect(naming.filter((path) => !path.startsWith('reconcilers/'))).toEqual(['model/platform.ts']);
  });

  test('know nothing of each other', () => {
    const names = readdirSync(join(root, 'lib/reconcilers'), { withFileTypes: true }).filter((e) => e.isDirectory());
    const others = sources
      .filter(({ path }) => /^reconcilers\/\w+\//.test(path))
      .flatMap(({ path, text }) => {
        const own = path.split('/')[1];
        return names.filter(({ name }) => name !== own && text.includes(`'../${name}/`)).map(() => path);
      });
    expect(others).toEqual([]);
  });
});

interface Import {
  /** A room, or a folder inside one as `room/folder`, where `.` stands for the files beside the folders. */
  readonly from: string;
  /** Likewise, or a package. */
  readonly to: string;
}

/** Every import of `lib`, between rooms and between the folders of one. */
function imports(): Import[] {
  const paths = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => path.endsWith('.ts') && path.includes('/')).map((path) => `lib/${path}`);
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return [...text.matchAll(/(?:from |import\()'([^']+)'/g)].flatMap(([, specifier = '']): Import[] => {
      const [, room = '', ...rest] = file.split('/');
      if (!specifier.startsWith('.')) {
        return [{ from: room, to: specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/') }];
      }
      const [, target = '', ...inside] = normalize(join(dirname(file), specifier)).split('/');
      if (target !== room) return [{ from: room, to: target }];
      const folderOf = (path: readonly string[]) => `${room}/${path.length > 1 ? path[0] : '.'}`;
      return [{ from: folderOf(rest), to: folderOf(inside) }];
    });
  });
}

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

test('every import that the table does not allow is an error, and every other is none', () => {
  const against: Record<string, string> = {};
  const fine: Record<string, string> = {};
  const add = (isAllowed: boolean, file: string, specifier: string) => {
    (isAllowed ? fine : against)[file] = using(specifier);
  };
  for (const { name, from, inner } of ROOMS) {
    for (const other of ROOMS.filter((room) => room.name !== name)) {
      const isAllowed = from === 'everything' || from.includes(other.name);
      add(isAllowed, `lib/${name}/a-${other.name}.ts`, `../${other.name}/of.ts`);
      add(isAllowed, `lib/${name}/deep/er/b-${other.name}.ts`, `../../../${other.name}/inner/of.ts`);
    }
    for (const [pack, rooms] of Object.entries(PACKAGES)) {
      add(rooms.includes(name), `lib/${name}/c-${pack.replace(/\W/g, '-')}.ts`, pack);
    }
    for (const [folder, others] of Object.entries(inner ?? {})) {
      for (const other of Object.keys(inner ?? {}).filter((key) => key !== folder)) {
        const file = `lib/${name}/${folder === '.' ? '' : `${folder}/`}d-${other === '.' ? 'beside' : other}.ts`;
        const specifier = `${folder === '.' ? './' : '../'}${other === '.' ? 'of.ts' : `${other}/of.ts`}`;
        add(others.includes(other), file, specifier);
      }
    }
  }
  expect(Object.keys(fine).length).toBeGreaterThan(50);
  const found = complaints({ ...against, ...fine });
  expect(new Set(found)).toEqual(new Set(Object.keys(against).map((path) => `noRestrictedImports ${path}`)));
});

test.each([
  ['values', "import { b } from './b.ts';\n\nexport const a = () => b;\n"],
  ['types', "import type { b } from './b.ts';\n\nexport type A = typeof b;\nexport const a = 1;\n"],
])('a cycle of imports of %s is an error', (_, text) => {
  const found = complaints({
    'lib/core/a.ts': text,
    'lib/core/b.ts': "import { a } from './a.ts';\n\nexport const b = () => a;\n",
  });
  expect(new Set(found)).toEqual(new Set(['noImportCycles lib/core/a.ts', 'noImportCycles lib/core/b.ts']));
});

test('the receiver and the texts name no forge', () => {
  const named = ['serve', 'report'].flatMap((room) => {
    const files = readdirSync(join(root, 'lib', room), { recursive: true, encoding: 'utf8' });
    return files.filter((file) => /github|gitlab/i.test(readFileSync(join(root, 'lib', room, file), 'utf8')));
  });
  expect(named).toEqual([]);
});
