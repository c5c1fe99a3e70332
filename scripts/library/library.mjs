// The library as it is shipped: docs/decisions/0301-the-library-is-one-commonjs-file.md
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { declareLibrary } from './declarations.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const peers = Object.keys(createRequire(import.meta.url)('../../package.json').peerDependencies);

/**
 * Builds `index.cjs` and `index.d.cts` in a folder: all but the peer dependencies in one file.
 *
 * @param {string} folder path from the project's root
 * @returns {Promise<string[]>} the files that went into `index.cjs`, by their paths from there
 */
export async function buildLibrary(folder) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['lib/index.ts'],
    outfile: `${folder}/index.cjs`,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    external: peers,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  declareLibrary(root, `${folder}/index.d.cts`, peers);
  return Object.keys(metafile.inputs);
}
