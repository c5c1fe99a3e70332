import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import * as api from '../lib/index.ts';

const lib = resolve(import.meta.dirname, '../lib');
const index = readFileSync(join(lib, 'index.ts'), 'utf8');

interface Exported {
  readonly name: string;
  /** As its own file calls it. */
  readonly original: string;
  readonly file: string;
  readonly isType: boolean;
}

/** Every name of lib/index.ts, by the file that declares it. */
const EXPORTED: readonly Exported[] = [...index.matchAll(/export (type )?\{([^}]+)\} from '([^']+)'/g)].flatMap(
  ([, all, names = '', from = '']) =>
    names
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean)
      .map((text) => {
        const [original = '', name = original] = text.replace(/^type /, '').split(' as ');
        return { name, original, file: resolve(lib, from), isType: all !== undefined || text.startsWith('type ') };
      }),
);

test('lib/index.ts names all that it exports, each from the file that declares it', () => {
  expect(index.match(/^export/gm)).toHaveLength(index.match(/^export (type )?\{/gm)!.length);
  const values = EXPORTED.filter(({ isType }) => !isType).map(({ name }) => name);
  expect(Object.keys(api).sort()).toEqual(values.sort());
  for (const { original, file } of EXPORTED)
    expect(declaration(original, file), `${original} in ${file}`).toBeDefined();
});

test('every exported name has a docstring', () => {
  const bare = EXPORTED.filter(({ original, file }) => !declaration(original, file)?.startsWith('*/\n'));
  expect(bare.map(({ name }) => name)).toEqual([]);
});

test('the surface is what it was: a name more or less is a change for everyone who imports greenroom', async () => {
  await expect(EXPORTED.map(({ name, isType }) => `${isType ? 'type ' : ''}${name}`).sort()).toMatchFileSnapshot(
    './public-api.snapshot.txt',
  );
});

/** The declaration with the end of what stands before it. */
function declaration(name: string, file: string): string | undefined {
  const text = readFileSync(file, 'utf8');
  const pattern = new RegExp(
    `(?:\\*/\\n)?^export (?:abstract )?(?:class|function|const|interface|type) ${name}\\b`,
    'm',
  );
  return pattern.exec(text)?.[0];
}
