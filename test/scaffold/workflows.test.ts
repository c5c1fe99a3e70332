import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readScaffoldTemplate } from '../../lib/scaffold/template.ts';
import { inProcess } from '../support/command.ts';

interface Job {
  readonly permissions?: Record<string, string>;
  readonly environment?: string;
  readonly steps: readonly { run?: string; uses?: string; with?: Record<string, string> }[];
}

const workflow = (name: string) =>
  parse(readScaffoldTemplate().get(`.github/workflows/${name}.yaml`)!) as { on: object; jobs: Record<string, Job> };
const jobs = (name: string) => Object.values(workflow(name).jobs);
const NAMES = ['sync', 'sweep', 'check', 'diff', 'audit'];

const STAND_IN = `#!/bin/bash
case "$2" in
  list) [ -f issue ] && echo 7; exit 0 ;;
  view) cat issue; exit 0 ;;
  create) echo create >> calls; cp alarms.md issue ;;
  edit) echo "$2 $3" >> calls; cp alarms.md issue ;;
  comment) echo "$2 $3" >> calls ;;
  close) echo "$2 $3" >> calls; rm issue ;;
esac
`;

/** The number of the issue with the label, if any. */
const LABELLED = `#!/bin/bash
case "$2" in
  list) [[ "$*" == *"--label greenroom.dev/yes"* ]] && echo "$ISSUE"; exit 0 ;;
  *) echo "$@" >> calls ;;
esac
`;
const folder = mkdtempSync(join(tmpdir(), 'greenroom-sync-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the workflows', () => {
  const help = new Map<string, string>();
  const calls = NAMES.flatMap((name) =>
    jobs(name)
      .flatMap(({ steps }) => steps.flatMap(({ run }) => run?.split('\n') ?? []))
      .flatMap((line) => /node apps\/\.greenroom\/greenroom\.cjs (\w+)(.*)/.exec(line)?.slice(1) ?? [])
      .reduce<[string, string, string][]>((all, part, i, parts) => {
        if (i % 2 === 0) all.push([name, part, parts[i + 1]!]);
        return all;
      }, []),
  );
  beforeAll(async () => {
    for (const [, command] of calls) help.set(command, (await inProcess([command, '--help'])).stdout);
  });

  it.each(calls)('%s: %s has the flags that it is called with', (_, command, args) => {
    const flags = args.match(/--[a-z-]+/g) ?? [];
    for (const flag of flags) expect(help.get(command)).toContain(flag);
  });

  it('each calls what it is for', () => {
    expect(calls.map(([name, command]) => `${name}: ${command}`)).toEqual([
      'sync: sync',
      'sweep: sweep',
      'check: verify',
      'diff: diff',
      'diff: comment',
      'audit: log',
      'audit: log',
    ]);
  });

  it("the bot's key is out of reach for workflows of a pull request's branch", () => {
    for (const name of NAMES) {
      const uses = JSON.stringify(jobs(name)).includes('GREENROOM_APP_KEY');
      expect([name, uses]).toEqual([name, name === 'sync' || name === 'sweep']);
      for (const job of jobs(name)) expect(job.environment).toBe(uses ? 'greenroom' : undefined);
      if (uses) expect(Object.keys(workflow(name).on)).not.toContain('pull_request');
    }
  });

  it("sync's key reaches the apps repo and the one repository that it was asked for", () => {
    const [{ steps }] = jobs('sync') as [Job];
    const token = steps.find(({ uses }) => uses?.includes('create-github-app-token'));
    expect(token?.with?.['repositories']?.trim().split('\n')).toEqual([
      `\${{ github.event.repository.name }}`,
      `\${{ steps.source.outputs.name }}`,
    ]);
  });

  it.each([
    ['acme/shop', 'name=shop\n'],
    ['acme/shop.web_2', 'name=shop.web_2\n'],
    ['acme/shop\nname=other', ''],
    ['acme/shop,other', ''],
    ['acme/$(id)', ''],
    ['shop', ''],
    ['', ''],
  ])('sync takes the repository from %j: %j', (repository, output) => {
    const script = jobs('sync')[0]!.steps.find(({ run }) => run?.includes('GITHUB_OUTPUT'))!.run!;
    const file = join(folder, 'output');
    writeFileSync(file, '');
    const env = { PATH: process.env['PATH'], REPOSITORY: repository, GITHUB_OUTPUT: file };
    const { status } = spawnSync('bash', ['-e', '-c', script], { env });
    expect([status, readFileSync(file, 'utf8')]).toEqual([output === '' ? 2 : 0, output]);
  });

  describe('the sweep tells the platform team in one issue', () => {
    const script = jobs('sweep')[0]!.steps.find(({ run }) => run?.includes('alarms.md') && run.includes('gh issue'))!
      .run!;
    const place = mkdtempSync(join(folder, 'issues-'));
    /** Stands in for GitHub's command: one issue, and what was said about it. */
    writeFileSync(join(place, 'gh'), STAND_IN, { mode: 0o755 });
    const said = (alarms: string | null) => {
      rmSync(join(place, 'alarms.md'), { force: true });
      if (alarms !== null) writeFileSync(join(place, 'alarms.md'), alarms);
      writeFileSync(join(place, 'calls'), '');
      const env = { PATH: `${place}:${process.env['PATH']}`, TITLE: 'Previews', GH_REPO: 'acme/previews' };
      expect(spawnSync('bash', ['-e', '-c', script], { cwd: place, env }).status).toBe(0);
      return readFileSync(join(place, 'calls'), 'utf8').trim().split('\n').filter(Boolean);
    };

    it('whose label confirms what is held back, once', () => {
      const run = (issue: string | null) => {
        const script = jobs('sweep')[0]!.steps.find((step) => step.run?.includes('--label greenroom.dev/yes'))!.run!;
        const [stands, output] = [mkdtempSync(join(folder, 'label-')), join(folder, 'confirmed')];
        writeFileSync(join(stands, 'gh'), LABELLED, { mode: 0o755 });
        writeFileSync(output, '');
        const env = { PATH: `${stands}:${process.env['PATH']}`, TITLE: 'Previews', GITHUB_OUTPUT: output };
        const { status } = spawnSync('bash', ['-e', '-c', script], {
          cwd: stands,
          env: issue === null ? env : { ...env, ISSUE: issue },
        });
        const calls = existsSync(join(stands, 'calls')) ? readFileSync(join(stands, 'calls'), 'utf8') : '';
        return [status, readFileSync(output, 'utf8'), calls];
      };
      expect(run(null)).toEqual([0, '', '']);
      expect(run('7')).toEqual([0, 'yes=true\n', 'issue edit 7 --remove-label greenroom.dev/yes\n']);
      const sweeps = JSON.stringify(jobs('sweep')[0]!.steps.find((step) => step.run?.includes('--alarms=')));
      expect(sweeps).toContain('steps.confirmed.outputs.yes');
    });

    it('which says how to confirm what is held back: by a label or by a command', () => {
      const issue = () => readFileSync(join(place, 'issue'), 'utf8');
      const held = '- 9 of 10 live previews would be removed: run `greenroom sweep --yes`.\n';
      expect(said(held)).toEqual(['create']);
      expect(issue()).toContain('label this issue `greenroom.dev/yes`');
      const command = /`gh workflow run (\S+) --repo acme\/previews --field (\w+)=true`/.exec(issue());
      const { on } = workflow('sweep') as { on: { workflow_dispatch?: { inputs: Record<string, { type: string }> } } };
      expect(command?.[1]).toBe('sweep.yaml');
      expect(on.workflow_dispatch?.inputs[command![2]!]?.type).toBe('boolean');
      const sweep = jobs('sweep')[0]!.steps.find((step) => step.run?.includes('--alarms=')) as { env?: object };
      expect(JSON.stringify(sweep.env)).toContain(`inputs.${command![2]} ||`);
      // The same list is not written again.
      expect(said(held)).toEqual([]);
      // There is nothing to confirm about the others.
      expect(said('- one\n')).toEqual(['edit 7', 'comment 7']);
      expect(issue()).toBe('- one\n');
      expect(said('')).toEqual(['close 7']);
    });

    it('which is opened, changed when the list does, and closed', () => {
      expect(said(null)).toEqual([]);
      expect(said('')).toEqual([]);
      expect(said('- one\n')).toEqual(['create']);
      expect(said('- one\n')).toEqual([]);
      expect(said('- one\n- two\n')).toEqual(['edit 7', 'comment 7']);
      expect(said(null)).toEqual([]);
      expect(said('')).toEqual(['close 7']);
      expect(said('')).toEqual([]);
    });
  });

  it('what judges a pull request can write nothing but its one comment', () => {
    expect(jobs('check').map((job) => job.permissions)).toEqual([{ contents: 'read' }]);
    const [diff] = jobs('diff').map((job) => Object.entries(job.permissions ?? {}));
    expect(diff?.filter(([, level]) => level !== 'read')).toEqual([['pull-requests', 'write']]);
    for (const name of ['check', 'diff']) {
      const reader = jobs(name)
        .flatMap(({ steps }) => steps)
        .find(({ uses }) => uses?.includes('create-github-app-token'));
      const granted = Object.entries(reader?.with ?? {}).filter(([key]) => key.startsWith('permission-'));
      expect(granted).not.toEqual([]);
      for (const [, level] of granted) expect(level).toBe('read');
      expect(reader?.with?.['private-key']).toContain('secrets.GREENROOM_READER_KEY');
    }
  });
});
