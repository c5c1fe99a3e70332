// The command as one file: what the build ships, and what tests run as a real process.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);

/** @param {string} outfile path from the project's root */
export async function bundle(outfile) {
  await build({
    absWorkingDir: root,
    entryPoints: ['lib/cli/bin.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    minify: true,
    // Where the files of the package are looked up from.
    define: { 'import.meta.dirname': '__dirname' },
    // cdk8s brings a second copy of the same version.
    alias: { yaml: `${root}node_modules/yaml` },
    plugins: [lateBuiltins],
    legalComments: 'none',
    logLevel: 'warning',
  });
}

/**
 * Parts of Node that take milliseconds to load, and that libraries ask for at their top whether a run needs them or
 * not. They are loaded when the first of their members is read.
 */
const LATE = /^(node:)?(child_process|crypto|os)$/;

/** @type {import('esbuild').Plugin} */
const lateBuiltins = {
  name: 'late-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: LATE }, ({ path, namespace }) =>
      namespace === 'late' ? { path, external: true } : { path: path.replace('node:', ''), namespace: 'late' },
    );
    onLoad({ filter: LATE, namespace: 'late' }, ({ path }) => ({
      contents: Object.keys(require(path))
        .map(
          (name) =>
            `Object.defineProperty(exports, '${name}', { enumerable: true, get: () => require('${path}').${name} });`,
        )
        .join('\n'),
    }));
    // An object of members that are read at once, for cdk8s' own tests to replace.
    onLoad({ filter: /cdk8s.lib._child_process\.js$/ }, () => ({
      contents: "exports._child_process = require('child_process');",
    }));
  },
};
