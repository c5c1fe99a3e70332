// `npm ci` runs this: the library and the command, each as one file.
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle, keepBytecode } from './bundle.mjs';
import { buildLibrary } from './library/library.mjs';
import { noticesOf } from './notices.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

rmSync(`${root}dist`, { recursive: true, force: true });
const library = await buildLibrary('dist/lib');
const command = await bundle('dist/cli/greenroom.cjs');
writeFileSync(`${root}dist/NOTICES.txt`, noticesOf(root, [...library, ...command]));
keepBytecode('bin/greenroom.cjs');
