import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { init } from '../../lib/scaffold/init.ts';
import { platformText } from '../support/inputs.ts';

const dir = mkdtempSync(join(tmpdir(), 'greenroom-readme-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Notes what it is called with, and what it reads. */
const STAND_IN = `#!/usr/bin/env node
const { appendFileSync, readFileSync } = require('node:fs');
const args = process.argv.slice(2);
const reads = args.includes('-') || args[0] === 'secret';
appendFileSync('calls', JSON.stringify({ args, body: reads ? readFileSync(0, 'utf8') : null }) + '\\n');
`;

/** The code blocks of a section of the README, as somebody copies them. */
function blocks(section: string): string[] {
  const readme = readFileSync(join(dir, 'README.md'), 'utf8');
  const [, text = ''] = new RegExp(`^## ${section}$([\\s\\S]*?)^## `, 'm').exec(readme) ?? [];
  return text
    .split(/^(?! {7}|$)/m)
    .flatMap((part) => /^ {7,}[\s\S]*/m.exec(part)?.[0] ?? [])
    .map((block) => block.replaceAll(new RegExp(`^ {${/^ */.exec(block)![0].length}}`, 'gm'), ''));
}

test('every command for the forge runs as it is written, and says what GitHub has to be told', async () => {
  await init({ dir, version: '0.0.0', platform: platformText() });
  for (const file of ['bot.pem', 'reader.pem', 'config.json']) writeFileSync(join(dir, file), 'a key\n');
  writeFileSync(join(dir, 'gh'), STAND_IN, { mode: 0o755 });
  const script = blocks('In the forge, once').join('\n');
  const env = { PATH: `${dir}:${process.env['PATH']}`, GITHUB_REPOSITORY: 'acme/shop', NUMBER: '7' };
  expect(spawnSync('bash', ['-e', '-c', script], { cwd: dir, env }).status).toBe(0);
  const calls = readFileSync(join(dir, 'calls'), 'utf8').trim().split('\n');
  const made = calls.map((line) => JSON.parse(line) as { args: string[]; body: string | null });
  expect(made.map(({ args }) => args.slice(0, 4).join(' '))).toEqual([
    'api --method PUT repos/{owner}/{repo}/environments/greenroom',
    'api --method POST repos/{owner}/{repo}/environments/greenroom/deployment-branch-policies',
    'variable set GREENROOM_APP_ID --env',
    'secret set GREENROOM_APP_KEY --env',
    'variable set GREENROOM_READER_ID',
    'secret set GREENROOM_READER_KEY',
    'api --method POST repos/{owner}/{repo}/rulesets',
    'workflow run sync.yaml --repo',
    'api --method PUT repos/{owner}/{repo}/actions/permissions/access',
    'secret set DOCKER_AUTH_CONFIG --env',
  ]);
  const bodies = made.map(({ body }) => body);
  expect(JSON.parse(bodies[0]!).deployment_branch_policy.custom_branch_policies).toBe(true);
  expect([bodies[3], bodies[5]]).toEqual(['a key\n', 'a key\n']);
  const ruleset = JSON.parse(bodies[6]!);
  expect(ruleset.bypass_actors).toEqual([{ actor_id: 123456, actor_type: 'Integration', bypass_mode: 'always' }]);
  expect(ruleset.conditions.ref_name.include).toEqual(['refs/heads/main']);
  expect(made[7]!.args.slice(-4)).toEqual(['-f', 'repository=acme/shop', '-f', 'number=7']);
});

const CLUSTERS = [
  { name: 'big', server: 'https://big.example.com', when: { sizes: ['large'] } },
  { name: 'main', server: 'https://kubernetes.default.svc' },
];
const settings = (['argocd', 'flux'] as const).flatMap((reconciler) =>
  (['vap', 'kyverno'] as const).flatMap((engine) =>
    [false, true].flatMap((watch) =>
      [undefined, CLUSTERS].map((clusters) => ({ reconciler, engine, watch, clusters })),
    ),
  ),
);

test.each(settings.filter(({ reconciler, engine }) => reconciler === 'argocd' || engine === 'kyverno'))(
  'an administrator applies every folder that there is, and takes all of it away: %j',
  async ({ reconciler, engine, watch, clusters }) => {
    const at = mkdtempSync(join(tmpdir(), 'greenroom-folders-'));
    try {
      const spec = {
        ...{ domain: 'apps.example.com', sources: [{ owner: 'acme' }], registries: ['ghcr.io/acme'], reconciler },
        ...{ policies: { engines: [engine] }, status: { watch }, ...(clusters && { clusters }) },
      };
      const platform = JSON.stringify({ apiVersion: 'greenroom.dev/v1alpha1', kind: 'Platform', spec });
      const { files } = await init({ dir: at, version: '0.0.0', platform });
      const folderOf = ({ path }: { path: string }) => /^bootstrap\/install\/.*(?=\/[^/]+$)/.exec(path)?.[0] ?? [];
      const folders = [...new Set(files.flatMap(folderOf))].sort();
      const readme = readFileSync(join(at, 'README.md'), 'utf8');
      const applied = [...readme.matchAll(/^ {7}kubectl apply -f (\S+)/gm)].map(([, folder]) => folder);
      expect(applied.toSorted()).toEqual(folders);
      const removed = new Set([...readme.matchAll(/^ {7}kubectl delete -f (\S+)/gm)].map(([, folder]) => folder));
      const namespaces = [...readme.matchAll(/^ {7}kubectl delete namespace (\S+)/gm)].map(([, name]) => name);
      // Of the root Application the name is enough; Argo CD's own role has to stay.
      const byName = /\/install\/(?:root|controller|notifications|namespaces\/.*)$/;
      expect(folders.filter((folder) => !byName.test(folder) && !removed.has(folder))).toEqual([]);
      const own = files.flatMap(({ path }) => /namespace\.(greenroom-[a-z]+)\.yaml$/.exec(path)?.[1] ?? []);
      expect(namespaces.toSorted()).toEqual(own.toSorted());
    } finally {
      rmSync(at, { recursive: true });
    }
  },
);
