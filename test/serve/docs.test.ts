import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Metrics } from '../../lib/serve/metrics.ts';
import { Previews } from '../../lib/serve/previews.ts';
import { inProcess } from '../support/command.ts';
import { tempFolder } from '../support/git.ts';
import { platformText } from '../support/inputs.ts';

const text = readFileSync(fileURLToPath(new URL('../../docs/serve.md', import.meta.url)), 'utf8');

test('its Deployment keeps the rules that greenroom holds others to', async () => {
  const folder = tempFolder();
  const [, yaml = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(text)!;
  writeFileSync(join(folder, 'deployment.yaml'), yaml);
  writeFileSync(join(folder, 'greenroom.yaml'), platformText());
  const args = ['check', 'deployment.yaml', '--platform', 'greenroom.yaml', '--format', 'json'];
  const { code, stdout } = await inProcess(args, folder);
  expect([code, JSON.parse(stdout).findings]).toEqual([0, []]);
});

test('it says every option that the command has, with its default', async () => {
  const { stdout } = await inProcess(['serve', '--help']);
  for (const [, option] of text.matchAll(/^\| `(--[a-z-]+)/gm)) expect(stdout).toContain(option);
  for (const word of ['127.0.0.1', '8080', 'default: 10m', 'default: 50', 'default: 1000', 'default: 30s'])
    expect(stdout).toContain(word);
});

test('nothing of the metrics is global: two services count for themselves', async () => {
  const [one, other] = [0, 1].map(
    (waiting) => new Metrics({ waiting, running: 0 }, { waiting: 0 }, new Previews(), () => 0),
  );
  one!.syncs.inc({ state: 'committed' });
  expect(await other!.text()).not.toContain('state="committed"');
  expect(await other!.text()).toContain('greenroom_queue_waiting 1');
});
