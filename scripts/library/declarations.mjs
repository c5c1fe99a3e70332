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
  writeOutOutputs(tree);
  rollUp(root, join(tree, 'lib/index.d.ts'), join(root, outfile));
  rmSync(tree, { recursive: true });

  const text = withoutUnusedImports(readFileSync(join(root, outfile), 'utf8'));
  writeFileSync(join(root, outfile), text);
  const imported = [...text.matchAll(IMPORT)].map(([, , from]) => from);
  const foreign = imported.filter((name) => !allowed.includes(name));
  if (foreign.length > 0) {
    throw new Error(
      `${outfile} needs the types of ${foreign.join(', ')}, which are no peer dependency: keep them out of what lib/index.ts exports; the output of a schema goes into scripts/library/outputs.ts`,
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

/** Puts the types of outputs.ts in the place of `z.output<typeof ...Schema>`. */
function writeOutOutputs(tree) {
  const outputs = readFileSync(join(tree, 'scripts/library/outputs.d.ts'), 'utf8');
  const types = new Map(
    Array.from(outputs.matchAll(/^export declare const (\w+): (\{[\s\S]*?^\});$/gm), (m) => [m[1], m[2]]),
  );
  const model = join(tree, 'lib/model');
  for (const file of readdirSync(model).filter((name) => name.endsWith('.d.ts'))) {
    const text = readFileSync(join(model, file), 'utf8');
    const written = text.replace(
      /(?<=^export type (\w+) = )z\.output<.+>(?=;$)/gm,
      (alias, name) => types.get(name) ?? alias,
    );
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
