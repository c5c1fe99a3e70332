// `npm ci` runs this: the library as modules with declarations, the command as one file that starts fast.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle, keepBytecode } from './bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const command = 'dist/cli/greenroom.cjs';

rmSync(`${root}dist`, { recursive: true, force: true });
const tsc = `${root}node_modules/typescript/bin/tsc`;
execFileSync(process.execPath, [tsc, '-p', `${root}tsconfig.build.json`], { stdio: 'inherit' });
await bundle(command);
keepBytecode('bin/greenroom.cjs', command);
