// `npm run bench`: speed compared with other programs on the same work in the same run. Only ratios count, since absolute
// times depend on the machine. `npm run bench -- cold many` runs some parts only; `npm run bench -- receiver --against DIR`
// compares this commit with a built checkout of another one, `--against none` with none; by default it is the last release, or
// else the commit before this one, if the history has it.
import { parseArgs } from 'node:util';
import { cold } from './cold.ts';
import { evidence } from './evidence.ts';
import { evidenceSweep } from './evidence-sweep.ts';
import { many } from './many.ts';
import { policies } from './policies.ts';
import { receiver } from './receiver.ts';
import { sync } from './sync.ts';

const { values, positionals: wanted } = parseArgs({ allowPositionals: true, options: { against: { type: 'string' } } });

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  cold: () => cold(15),
  many: () => many(3),
  sync: () => sync(15),
  policies: () => policies(5),
  evidence: () => evidence(10),
  'evidence-sweep': () => evidenceSweep(21),
  receiver: () => receiver(values.against),
};

const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) {
  console.error(`bench: unknown part ${unknown.join(', ')}; the parts are ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
for (const [name, run] of Object.entries(PARTS)) {
  if (wanted.length === 0 || wanted.includes(name)) await run();
}
