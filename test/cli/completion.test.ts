import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inProcess } from '../support/command.ts';
import { tempFolder } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';

const script = async (shell: string) => (await inProcess(['completion', shell], '/')).stdout;

describe('completion of bash', async () => {
  const text = await script('bash');
  const folder = tempFolder();
  writeFileSync(join(folder, 'preview.yaml'), '');
  /** What bash itself offers after these words. */
  const offered = (...words: string[]) => {
    const line = `${text}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})\nCOMP_CWORD=${words.length - 1}\n_greenroom\nprintf '%s\\n' "\${COMPREPLY[@]}"\n`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', line], { cwd: folder, encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.trim().split('\n');
  };

  test.each([
    [['greenroom', 'sy'], ['sync']],
    [['greenroom', 'sch'], ['schema']],
    [
      ['greenroom', 'schema', ''],
      ['preview', 'platform', 'micro-app', 'exception', 'template'],
    ],
    [
      ['greenroom', 'cost', '--a'],
      ['--apps-repo', '--at', '--all'],
    ],
    [['greenroom', 'cost', '--by', 'te'], ['team']],
    [['greenroom', 'list', '--sort', 'e'], ['end']],
    [['greenroom', 'op'], ['open']],
    [['greenroom', 'check', 'pre'], ['preview.yaml']],
    [['greenroom', 'check', '--platform', 'pre'], ['preview.yaml']],
    [
      ['greenroom', 'secrets', ''],
      ['seal', 'check'],
    ],
    [['greenroom', 'secrets', 'seal', '--cer'], ['--cert']],
    [
      ['greenroom', 'completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
  ])('%j offers %j', (words, expected) => {
    expect(offered(...words)).toEqual(expect.arrayContaining(expected));
    if (words.at(-1) !== '--a') expect(offered(...words)).toHaveLength(expected.length);
  });
});

// The shells themselves say whether a script is one, where they are there.
describe.each(['bash', 'zsh', 'fish'])('completion of %s', (shell) => {
  const isThere = spawnSync(shell, ['--version']).status === 0;
  test.skipIf(!isThere)('is a script that the shell takes', async () => {
    const file = join(tempFolder(), 'completion');
    writeFileSync(file, await script(shell));
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  test('knows every command and its flags', async () => {
    const text = await script(shell);
    const { stdout } = await inProcess(['--help'], '/');
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) /gm)]
      .map((match) => match[1]!)
      .filter((name) => name !== 'help');
    expect(commands.length).toBeGreaterThan(15);
    for (const name of commands) expect(text).toMatch(new RegExp(`\\b${name}\\b`));
    expect(text).toContain('dry-run');
  });
});

test.skipIf(spawnSync('fish', ['--version']).status !== 0)('fish offers what bash offers', async () => {
  const file = join(tempFolder(), 'completion.fish');
  writeFileSync(file, await script('fish'));
  const offered = (line: string) => {
    const { stdout } = spawnSync('fish', ['--no-config', '-c', `source '${file}'; complete -C '${line}'`], {
      encoding: 'utf8',
    });
    return stdout.split('\n').flatMap((each) => (each === '' ? [] : [each.split('\t')[0]!]));
  };
  expect(offered('greenroom sec')).toEqual(['secrets']);
  expect(offered('greenroom secrets ').sort()).toEqual(['check', 'seal']);
  expect(offered('greenroom cost --by te')).toEqual(['team']);
});

test('another shell is refused', async () => {
  const { code, stderr } = await inProcess(['completion', 'tcsh'], '/');
  expect([code, stderr]).toEqual([2, expect.stringContaining('there is one for bash, zsh, fish')]);
});

describe('every command', () => {
  const folder = tempFolder();
  writeFileSync(join(folder, 'greenroom.yaml'), platformText());
  writeFileSync(join(folder, 'preview.yaml'), previewText());

  test('is quiet on request: data and errors are left, talk is not', async () => {
    const render = ['render', 'preview.yaml', '--repo', 'acme/shop', '--out', 'out'];
    expect(await inProcess(render, folder)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('it will answer at'),
    });
    expect(await inProcess([...render, '-q'], folder)).toMatchObject({ code: 0, stderr: '' });
    const wrong = await inProcess(['render', 'nothing.yaml', '--quiet'], folder);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing.yaml') });
  });

  test.each([['-q'], ['--quiet'], ['-qq']])(
    'is quiet with %s before it or after it, but says what is wrong',
    async (flag) => {
      const render = ['render', 'preview.yaml', '--repo', 'acme/shop', '--out', 'out2'];
      expect(await inProcess([flag, ...render], folder)).toMatchObject({ code: 0, stderr: '' });
      const wrong = { code: 2, stderr: expect.stringContaining("unknown option '--nope'") };
      expect(await inProcess([flag, 'check', '--nope'], folder)).toMatchObject(wrong);
      expect(await inProcess(['check', '--nope', flag], folder)).toMatchObject(wrong);
      expect(await inProcess(['chekc', flag], folder)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('chekc'),
      });
    },
  );

  test('tells the causes with --verbose before it or after it, and nothing of them without', async () => {
    const sync = [
      'sync',
      '--repo',
      'acme/shop',
      '--pr',
      '1',
      '--apps-repo',
      'https://127.0.0.1:1/x.git',
      '--forge',
      '.',
    ];
    const causes = async (...args: string[]) => (await inProcess(args, folder)).stderr.includes('unable to access');
    expect([await causes(...sync), await causes('--verbose', ...sync), await causes(...sync, '--verbose')]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test('help for an unknown command is a mistake', async () => {
    const { code, stderr } = await inProcess(['help', 'nothing'], folder);
    expect([code, stderr]).toEqual([2, expect.stringContaining("unknown command 'nothing'")]);
    expect(await inProcess(['help', 'check'], folder)).toMatchObject({ code: 0 });
  });

  test('check without an argument is about preview.yaml here', async () => {
    expect(await inProcess(['check', '--repo', 'acme/shop'], folder)).toMatchObject({ code: 0 });
    const { code, stdout, stderr } = await inProcess(['check'], tempFolder());
    expect([code, `${stdout}${stderr}`]).toEqual([2, expect.stringContaining('preview.yaml')]);
  });
});
