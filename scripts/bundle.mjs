// The command as one file: what the build ships, and what tests run as a real process.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** @param {string} outfile path from the project's root */
export async function bundle(outfile) {
  await build({
    absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
    entryPoints: ['lib/cli/bin.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    minify: true,
    keepNames: true,
    // Where the files of the package are looked up from.
    define: { 'import.meta.dirname': '__dirname' },
    legalComments: 'none',
    logLevel: 'warning',
  });
}
