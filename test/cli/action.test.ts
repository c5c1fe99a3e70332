import { execFileSync, spawn } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { overGitHub } from '../support/fake-github/world.ts';
import { tempFolder } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const action = parse(readFileSync(join(root, 'action.yml'), 'utf8'));
const NOW = Math.floor(Date.now() / 1000) - 60;

/** The action as a runner would have checked it out: a release holds the bundle, but no bytecode. */
const checkedOut = tempFolder();
for (const file of ['bin/greenroom.cjs', 'dist/cli/greenroom.cjs']) {
  cpSync(join(inject('command'), '../..', file), join(checkedOut, file), { recursive: true });
}

interface Ran {
  readonly code: number;
  readonly log: string;
  readonly outputs: Record<string, string>;
  readonly summary: string;
}

/** Runs the steps of action.yml by the shell that they name, as GitHub's runner does. */
async function run(inputs: Record<string, string>, env: NodeJS.ProcessEnv = {}, cwd = tempFolder()): Promise<Ran> {
  const folder = tempFolder();
  const [output, summary, event] = ['output', 'summary', 'event.json'].map((name) => join(folder, name));
  for (const file of [output!, summary!]) writeFileSync(file, '');
  writeFileSync(event!, '{}');
  const ran = { code: 0, log: '' };
  for (const step of action.runs.steps) {
    expect(step.shell).toBe('bash');
    const script = join(folder, 'script.sh');
    writeFileSync(script, step.run);
    const values = Object.entries<string>(step.env ?? {}).map(([name, value]) => [name, evaluated(value, inputs)]);
    const child = spawn('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', script], {
      cwd,
      env: {
        PATH: process.env['PATH'],
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_ACTION_PATH: checkedOut,
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: summary,
        GITHUB_EVENT_PATH: event,
        ...env,
        ...Object.fromEntries(values),
      },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        ran.log += text;
      });
    }
    ran.code = await new Promise((resolve) => child.on('close', (code) => resolve(code ?? -1)));
    if (ran.code !== 0) break;
  }
  const written = readFileSync(output!, 'utf8').matchAll(/^(\w+)<<(\S+)\n([\s\S]*?)\n\2$/gm);
  const outputs = Object.fromEntries([...written].map(([, name, , value]) => [name, value]));
  return { ...ran, outputs, summary: readFileSync(summary!, 'utf8') };
}

function evaluated(value: string, inputs: Record<string, string>): string {
  return value.replace(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, name) => {
    expect(Object.keys(action.inputs)).toContain(name);
    return inputs[name] ?? String(action.inputs[name].default);
  });
}

async function opened(text = previewText()) {
  const world = new (overGitHub(World))();
  world.push('shop', { 'preview.yaml': text }, NOW);
  world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW });
  const fake = await world.github();
  const env = { GITHUB_API_URL: fake.url, GITHUB_GRAPHQL_URL: `${fake.url}/graphql` };
  const inputs = { 'apps-repo': 'acme/previews', token: fake.token };
  return { world, fake, env, inputs };
}

describe('the action', () => {
  test('puts no expression into the text of a script, and takes no other action on', () => {
    for (const step of action.runs.steps) {
      expect(step.run).not.toContain('${{');
      expect(step).not.toHaveProperty('uses');
    }
  });

  test('is described as it is: each input and each output, and no other', () => {
    const docs = readFileSync(join(root, 'docs/action.md'), 'utf8');
    const table = [...docs.matchAll(/^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|/gm)].flatMap(([, names]) => names!.split(', '));
    expect(table.map((name) => name.slice(1, -1))).toEqual(Object.keys(action.inputs));
    for (const output of Object.keys(action.outputs)) expect(docs).toContain(`\`${output}\``);
  });

  test('syncs the pull request of the event, sets outputs and writes a summary', async () => {
    const { world, fake, env, inputs } = await opened();
    const event = join(tempFolder(), 'event.json');
    const payload = { repository: { full_name: 'acme/shop' }, pull_request: { number: 7, title: 'x' } };
    writeFileSync(event, JSON.stringify(payload));
    const { code, log, outputs, summary } = await run(inputs, { ...env, GITHUB_EVENT_PATH: event });
    expect([code, log.includes(fake.token)]).toEqual([0, false]);
    expect(world.previews()).toEqual(['pr-shop-7']);
    expect(outputs).toEqual({
      name: 'pr-shop-7',
      state: 'committed',
      status: 'committed',
      url: 'https://pr-shop-7.apps.example.com',
    });
    expect(summary).toBe('### pr-shop-7: on its way - [its address](https://pr-shop-7.apps.example.com)\n');
  });

  test("leaves a fork's pull request alone where it gets no token, and fails for nothing else", async () => {
    const { env } = await opened();
    const event = join(tempFolder(), 'event.json');
    const of = (headId: number | null) => {
      const head = { sha: 'a'.repeat(40), repo: headId === null ? null : { id: headId } };
      writeFileSync(
        event,
        JSON.stringify({ repository: { id: 1, full_name: 'acme/shop' }, pull_request: { number: 7, head } }),
      );
      return run({ 'apps-repo': 'acme/previews', token: '' }, { ...env, GITHUB_EVENT_PATH: event });
    };
    for (const head of [2, null]) {
      const { code, log, outputs } = await of(head);
      expect([code, outputs]).toEqual([0, { name: '', state: 'none', status: '', url: '' }]);
      expect(log).toContain('::notice::This pull request comes from a fork');
    }
    expect((await of(1)).code).toBe(2);
  });

  test('fails as the command does, and says on which line', async () => {
    const { env, inputs } = await opened(previewText('prot: 80'));
    const { code, log, outputs, summary } = await run({ ...inputs, repo: 'acme/shop', pr: '7' }, env);
    expect(code).toBe(2);
    expect(outputs).toEqual({ name: 'pr-shop-7', state: 'invalid', status: '', url: '' });
    expect(log).toMatch(/^::error file=preview\.yaml,line=6::.*did you mean "port"/m);
    expect(summary).toContain('did you mean "port"');
  });

  test('sweeps', async () => {
    const { world, env, inputs } = await opened();
    const { code, summary } = await run({ ...inputs, command: 'sweep' }, env);
    expect(code).toBe(0);
    expect(world.previews()).toEqual(['pr-shop-7']);
    expect(summary).toContain('### greenroom sweep: 1 preview looked at, 1 changed\n- acme/shop');
  });

  test('checks files', async () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, 'preview.yaml'), previewText('prot: 80'));
    writeFileSync(join(cwd, 'greenroom.yaml'), platformText());
    const bad = await run({ command: 'check', platform: 'greenroom.yaml' }, {}, cwd);
    expect([bad.code, bad.outputs]).toEqual([2, {}]);
    expect(bad.log).toMatch(/^::error file=preview\.yaml,line=6::/m);
    writeFileSync(join(cwd, 'preview.yaml'), previewText());
    const good = await run({ command: 'check', platform: 'greenroom.yaml' }, {}, cwd);
    expect([good.code, good.summary]).toEqual([0, '### greenroom check: 0 findings\n']);
  });

  test.each([
    ['command', { command: 'sync; touch pwned' }],
    ['command', { command: 'render' }],
    ['repo', { repo: '$(touch pwned)', pr: '7' }],
    ['pr', { repo: 'acme/shop', pr: '7"; touch pwned; "' }],
    ['pr', { repo: 'acme/shop', pr: '--dry-run' }],
    ['apps-repo', { 'apps-repo': '`touch pwned`', repo: 'acme/shop', pr: '7' }],
    ['apps-repo', { 'apps-repo': '' }],
    ['paths', { command: 'check', paths: '--fix\n$(touch pwned)' }],
  ])('%s: %j is data, and wrong', async (_, wrong) => {
    const { world, env, inputs } = await opened();
    const cwd = tempFolder();
    expect((await run({ ...inputs, ...wrong }, env, cwd)).code).toBe(2);
    expect(execFileSync('ls', ['-A', cwd], { encoding: 'utf8' })).toBe('');
    expect(world.previews()).toEqual([]);
  });

  test('what a maker wrote cannot speak to the runner, nor as Markdown', async () => {
    const evil = '"x\\n::set-output name=url::evil\\n::error::evil ![](https://evil.example) @everyone"';
    const { env, inputs } = await opened(previewText(`template: ${evil}`).replace('  template: web-service\n', ''));
    const { code, log, summary } = await run({ ...inputs, repo: 'acme/shop', pr: '7' }, env);
    expect(code).toBe(2);
    const [, stop] = /^::stop-commands::(\S+)$/m.exec(log)!;
    const free = log.slice(log.indexOf(`::${stop}::`, log.indexOf(`${stop}`) + 40));
    for (const line of free
      .split('\n')
      .filter((text) => text.startsWith('::'))
      .slice(1)) {
      expect(line).toMatch(/^::error file=preview\.yaml,line=\d+::/);
    }
    expect(summary).not.toMatch(/!\[|@everyone|^::/m);
  });

  test('a summary is cut before GitHub would drop it, between two lines', async () => {
    const cwd = tempFolder();
    const pod = (i: number) =>
      `apiVersion: v1\nkind: Pod\nmetadata: { name: p${i} }\nspec: { hostNetwork: true, containers: [{ name: c, image: x }] }\n`;
    const file = `${'x'.repeat(200)}.yaml`;
    writeFileSync(join(cwd, file), Array.from({ length: 500 }, (_, i) => pod(i)).join('---\n'));
    const { code, summary } = await run({ command: 'check', paths: file }, {}, cwd);
    expect(code).toBe(3);
    expect(Buffer.byteLength(summary)).toBeLessThan(1024 * 1024);
    expect(summary).toMatch(/\)\n\n\(cut: the whole of it is in the log\)\n$/);
  });
});
