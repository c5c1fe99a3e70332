import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { linterOverrides, withRoomTable } from './generate.ts';

// `npm run layers`: the linter's rules and the table of docs/architecture.md, from table.ts.
const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const config = JSON.parse(readFileSync(at('biome.json'), 'utf8'));
writeFileSync(at('biome.json'), `${JSON.stringify({ ...config, overrides: linterOverrides() }, null, 2)}\n`);
const page = at('docs/architecture.md');
writeFileSync(page, withRoomTable(readFileSync(page, 'utf8')));
