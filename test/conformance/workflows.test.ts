import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { init } from '../../lib/scaffold/init.ts';
import { judge } from './judges.ts';
import { tryRun } from './run.ts';

let actionlint: string;
let dir: string;
beforeAll(async () => {
  actionlint = await judge('actionlint');
  dir = mkdtempSync(join(tmpdir(), 'greenroom-workflows-'));
  await init({ dir, version: '1.2.3', answers: { domain: 'apps.example.com', owner: 'acme' } });
});
afterAll(() => rmSync(dir, { recursive: true }));

it.each(['sync', 'sweep', 'check', 'diff', 'audit'])(
  'actionlint has nothing to say about the workflow %s',
  async (name) => {
    const answer = await tryRun(actionlint, [join(dir, '.github/workflows', `${name}.yaml`)]);
    expect(answer).toEqual({ code: 0, stdout: '', stderr: '' });
  },
);
