// One file of declarations: what the library exports, what that needs, and nothing else.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

/**
 * zod's declarations do not compile in every project (they need `esModuleInterop`), so the types that schemas give are
 * written out as what they are.
 *
 * @param {string} root the project's folder
 * @param {string} outfile path from there
 * @param {string[]} allowed packages that the declarations may refer to
 */
export function declareLibrary(root, outfile, allowed) {
  const tree = join(root, 'dist/types');
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
  writeOut(tree);
  rollUp(root, join(tree, 'lib/index.d.ts'), join(root, outfile));
  rmSync(tree, { recursive: true });

  const text = withoutUnusedImports(readFileSync(join(root, outfile), 'utf8'));
  writeFileSync(join(root, outfile), text);
  const imported = [...text.matchAll(IMPORT)].map(([, , from]) => from);
  const foreign = imported.filter((name) => !allowed.includes(name));
  if (foreign.length > 0) {
    const types = [...text.matchAll(/^(?:export )?declare type (\w+) = z\./gm)].map(([, name]) => name);
    throw new Error(
      `${outfile} needs the types of ${foreign.join(', ')}, which are no peer dependency: keep them out of what lib/index.ts exports. A type that comes from a schema is to be named in scripts/library/written-out.ts; found: ${types.join(', ') || 'none'}`,
    );
  }
}

const IMPORT = /^import (.+) from '(.+)';\n/gm;

/** API Extractor leaves `import * as` lines of what nothing needs any more. */
function withoutUnusedImports(text) {
  return text.replace(IMPORT, (line, names) => {
    const name = /^\* as (\w+)$/.exec(names)?.[1];
    return name === undefined || new RegExp(`\\b${name}\\.`).test(text) ? line : '';
  });
}

/** Puts the types of written-out.ts in the place of those of their names in lib/model. */
function writeOut(tree) {
  const declared = readFileSync(join(tree, 'scripts/library/written-out.d.ts'), 'utf8');
  const types = new Map(
    Array.from(declared.matchAll(/^export declare const (\w+): (\{[\s\S]*?^\}|.+);$/gm), ([, name, type]) => [
      name,
      type,
    ]),
  );
  const model = join(tree, 'lib/model');
  for (const file of readdirSync(model, { recursive: true }).filter((name) => name.endsWith('.d.ts'))) {
    const text = readFileSync(join(model, file), 'utf8');
    const written = text.replace(/(?<=^export type (\w+) = ).+(?=;$)/gm, (type, name) => types.get(name) ?? type);
    writeFileSync(join(model, file), written);
  }
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
  // Its own compiler is another one than ours and says so.
  const { succeeded } = Extractor.invoke(config, {
    messageCallback: (message) => {
      message.handled = true;
    },
  });
  if (!succeeded) throw new Error('the declarations could not be put into one file');
}
