// The command as one file, and its bytecode. The build ships both, and tests run them as a real process.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { noticesOf } from './notices.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * @param {string} outfile path from the project's root
 * @returns {Promise<string[]>} the files that went into it, by their paths from there
 */
export async function bundle(outfile) {
  // What the bundle carries of others is known when it is built; the second one says so.
  const inputs = await buildOnce(outfile, '');
  return buildOnce(outfile, noticesOf(root, inputs));
}

/**
 * @param {string} outfile
 * @param {string} notices text of NOTICES.txt
 */
async function buildOnce(outfile, notices) {
  const { metafile } = await build({
    absWorkingDir: root,
    write: notices !== '',
    entryPoints: ['lib/cli/bin.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    minify: true,
    // The files of the package are found relative to it.
    define: { 'import.meta.dirname': '__dirname' },
    // cdk8s has a second copy of the same version.
    alias: { yaml: `${root}node_modules/yaml` },
    plugins: [lateBuiltins, shipped(notices)],
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  return Object.keys(metafile.inputs);
}

/**
 * Writes the bytecode of what a typical run uses, beside the bundle; see bin/greenroom.cjs.
 *
 * @param {string} bin the starter of the bundle: its path from the project's root
 */
export function keepBytecode(bin) {
  const example = 'previews/shop/preview.yaml --platform previews/greenroom.yaml --repo acme/shop --pr 7'.split(' ');
  execFileSync(process.execPath, [bin, 'render', ...example], {
    cwd: root,
    env: { ...process.env, GREENROOM_BUILD_CACHE: 'yes' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/**
 * Node modules that take milliseconds to load and that libraries import even if a run does not need them. They are loaded
 * when the first of their members is read.
 */
const LATE = /^(node:)?(child_process|crypto|os)$/;

/** @type {import('esbuild').Plugin} */
const lateBuiltins = {
  name: 'late-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: LATE }, ({ path, namespace }) =>
      namespace === 'late' ? { path, external: true } : { path: path.replace('node:', ''), namespace: 'late' },
    );
    // By their prototype, which esbuild keeps. A list of members would depend on the Node.js that builds, and so would the
    // bundle.
    onLoad({ filter: LATE, namespace: 'late' }, ({ path }) => ({
      contents: `const late = { get: (_, name) => (name === '__esModule' ? undefined : require('${path}')[name]) };
        module.exports = Object.create(new Proxy({}, late));`,
    }));
    // An object of members that are read at once, only for cdk8s' own tests.
    onLoad({ filter: /cdk8s.lib._child_process\.js$/ }, () => ({
      contents: "exports._child_process = require('child_process');",
    }));
  },
};

/**
 * Puts the files that lib/core/shipped.ts finds beside the sources into the bundle; they are read when needed.
 *
 * @param {string} notices
 * @returns {import('esbuild').Plugin}
 */
const shipped = (notices) => ({
  setup({ onLoad }) {
    onLoad({ filter: /lib.core.shipped\.ts$/ }, () => {
      const folders = ['apps-repo-template', 'templates'].map(
        (name) => `${JSON.stringify(name)}: () => ${texts(name)}`,
      );
      return {
        contents: `import { readFileSync } from 'node:fs';
          const folders = { ${folders.join(', ')} };
          export const shippedFiles = (name) => new Map(folders[name]());
          export const shippedCommand = () => readFileSync(__filename, 'utf8');
          export const shippedNotices = () => ${repeated(notices)};`,
      };
    });
  },
  name: 'shipped',
});

/**
 * @param {string} text of which many paragraphs are the same, as licences are
 * @returns {string} an expression that gives it, with each paragraph once
 */
function repeated(text) {
  const all = text.split('\n\n');
  const once = [...new Set(all)];
  const order = all.map((paragraph) => once.indexOf(paragraph));
  return `((once) => ${JSON.stringify(order)}.map((i) => once[i]).join('\\n\\n'))(${JSON.stringify(once)})`;
}

/** @param {string} name of a folder; its files as JSON, in the order of their paths on every machine */
function texts(name) {
  const paths = readdirSync(`${root}${name}`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .sort((a, b) => (a < b ? -1 : 1));
  return JSON.stringify(paths.map((path) => [path.slice(root.length + name.length + 1), readFileSync(path, 'utf8')]));
}
