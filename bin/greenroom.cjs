#!/usr/bin/env node
// Starts the bundled command with the bytecode that the build left beside it: half the time of compiling it again.
const { readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

// RE2, which admission engines have, is linear in the length of a text; JavaScript's patterns can take exponential time.
// With these, V8 goes over to its own linear engine once a pattern has tried that often: same results, other time.
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
setFlagsFromString('--regexp-backtracks-before-fallback=20000');
// A command makes most of its objects at the start and needs them to the end: fewer rounds of collecting find nothing.
setFlagsFromString('--semi-space-growth-factor=16');
// Optimized code pays for itself in what runs on; most commands are done before the first of it is.
setFlagsFromString('--no-opt');
setTimeout(() => setFlagsFromString('--opt'), 500).unref();

const file = join(__dirname, '../dist/cli/greenroom.cjs');
// V8 rejects the bytecode of another V8, but not that of its own version in another build of Node.js: 20.19.0 crashes on
// that of 20.20.2. So it is only ever read by the Node.js that made it.
const cache = `${file}.${process.version}-${process.platform}-${process.arch}`;
let source;
let cachedData;
try {
  // The bundler writes nothing but ASCII, which is read faster as what it is.
  source = readFileSync(file, 'latin1');
} catch {
  process.stderr.write('greenroom is not built here yet: run `npm run build` in its folder.\n');
  process.exit(1);
}
try {
  cachedData = readFileSync(cache);
} catch {
  // No cache, no harm.
}
// A script made from a string has no `import()` of its own; the modules of a platform are loaded by the one of this file.
const parameters = 'exports, require, module, __filename, __dirname, importFile';
const script = new Script(`(function (${parameters}) {${source}\n})`, { filename: file, cachedData });
script.runInThisContext()(exports, require, module, file, dirname(file), (url) => import(url));

// Only the build asks for it, after a run that has compiled what a run needs.
if (process.env.GREENROOM_BUILD_CACHE) {
  process.on('exit', () => require('node:fs').writeFileSync(cache, script.createCachedData()));
}
