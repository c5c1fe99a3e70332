import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GENERATED_FOLDERS, generatedPages } from './pages.ts';

// `npm run docs`: the pages that are generated from schemas, rules and decisions.
const root = fileURLToPath(new URL('../../', import.meta.url));

const pages = generatedPages(root);
for (const folder of GENERATED_FOLDERS) rmSync(join(root, folder), { recursive: true, force: true });
for (const [path, text] of pages) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
process.stdout.write(`${pages.size} pages written\n`);
