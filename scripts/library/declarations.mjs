// One file of declarations: what the library exports and what that needs.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

/**
 * zod's declarations do not compile in every project (they need `esModuleInterop`), so types that are derived from schemas
 * are written out in full.
 *
 * @param {string} root the project's folder
 * @param {string} outfile path from there
 * @param {string[]} allowed packages that the declarations may refer to
 */
export function declareLibrary(root, outfile, allowed) {
  const tree = join(root, 'dist/types');
  const asked = askForTypes(root);
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
  writeOut(tree, asked);
  rollUp(root, join(tree, 'lib/index.d.ts'), join(root, outfile));
  rmSync(tree, { recursive: true });
  rmSync(join(root, ASKING));

  const text = withoutUnusedImports(readFileSync(join(root, outfile), 'utf8'));
  writeFileSync(join(root, outfile), text);
  const imported = [...text.matchAll(IMPORT)].map(([, , from]) => from);
  const foreign = imported.filter((name) => !allowed.includes(name));
  if (foreign.length > 0) {
    throw new Error(
      `${outfile} needs the types of ${foreign.join(', ')}, which are not peer dependencies: keep them out of what lib/index.ts exports`,
    );
  }
}

/** Named by tsconfig.build.json. */
const ASKING = 'dist/written-out.ts';
/** Types of lib/model that are derived from a schema or a list. */
const DERIVED = /(?<=^export type (\w+) = )(?=.*(?:\bz\.|\btypeof ))[^;\n]+(?=;$)/gm;

/**
 * Writes a module whose declarations show each derived type of lib/model in full: the compiler writes out the inferred type
 * of a constant.
 *
 * @returns where each type is declared, in the order of the module's constants
 */
function askForTypes(root) {
  const model = join(root, 'lib/model');
  const files = readdirSync(model, { recursive: true }).filter((name) => name.endsWith('.ts'));
  const asked = files
    .sort()
    .flatMap((file) =>
      [...readFileSync(join(model, file), 'utf8').matchAll(DERIVED)].map(([, name]) => ({ file, name })),
    );
  const lines = asked.map(
    ({ file, name }, i) => `export const t${i} = written<import('../lib/model/${file}').${name}>();\n`,
  );
  mkdirSync(dirname(join(root, ASKING)), { recursive: true });
  writeFileSync(join(root, ASKING), `declare function written<T>(): T;\n${lines.join('')}`);
  return asked;
}

/** Replaces derived types by what the compiler wrote. */
function writeOut(tree, asked) {
  const answers = readFileSync(join(tree, ASKING.replace('.ts', '.d.ts')), 'utf8');
  for (const [, i, type] of answers.matchAll(/^export declare const t(\d+): (\{[\s\S]*?^\}|.+);$/gm)) {
    const { file, name } = asked[Number(i)];
    const declared = join(tree, 'lib/model', file.replace('.ts', '.d.ts'));
    const text = readFileSync(declared, 'utf8');
    writeFileSync(
      declared,
      text.replace(DERIVED, (derived, found) => (found === name ? type : derived)),
    );
  }
}

const IMPORT = /^import (.+) from '(.+)';\n/gm;

/** API Extractor leaves unused `import * as` lines. */
function withoutUnusedImports(text) {
  return text.replace(IMPORT, (line, names) => {
    const name = /^\* as (\w+)$/.exec(names)?.[1];
    return name === undefined || new RegExp(`\\b${name}\\.`).test(text) ? line : '';
  });
}

function rollUp(root, entry, outfile) {
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: entry,
      compiler: { tsconfigFilePath: join(root, 'tsconfig.json') },
      newlineKind: 'lf',
      apiReport: { enabled: false },
      docModel: { enabled: false },
      tsdocMetadata: { enabled: false },
      dtsRollup: { enabled: true, untrimmedFilePath: outfile },
      messages: {
        extractorMessageReporting: { default: { logLevel: 'none' } },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
  });
  // It warns that its compiler differs from ours.
  const { succeeded } = Extractor.invoke(config, {
    messageCallback: (message) => {
      message.handled = true;
    },
  });
  if (!succeeded) throw new Error('the declarations could not be put into one file');
}
