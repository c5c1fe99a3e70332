import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { inProcess } from '../support/command.ts';
import { tempFolder } from '../support/git.ts';

interface Help {
  readonly flags: readonly string[];
  /** Values of flags that have a closed list. */
  readonly values: Readonly<Record<string, readonly string[]>>;
}

/** What `--help` says: the source that people read, and that is written without any thought of completion. */
const HELP = new Map<string, Help>();
const folder = tempFolder();
const scripts = new Map<string, string>();

async function helpOf(...command: string[]): Promise<Help & { readonly inner: readonly string[] }> {
  const { stdout } = await inProcess([...command, '--help'], '/');
  // Descriptions are wrapped.
  const text = stdout.replace(/\n {5,}/g, ' ');
  const flags: string[] = [];
  const values: Record<string, string[]> = {};
  for (const [, line = ''] of text.matchAll(/^ {2}((?:-[a-zA-Z], )?--?[a-zA-Z].*)$/gm)) {
    const names = [...line.matchAll(/(?<=^|, )(--?[a-zA-Z-]+)/g)].map(([name]) => name);
    flags.push(...names.filter((name, i) => i < 2 && line.indexOf(name) < 25));
    const [, list] = /\(one of ([^;)]*)/.exec(line) ?? [];
    if (list !== undefined) values[names.find((name) => name.startsWith('--'))!] = list.split(', ');
  }
  const inner = [...text.matchAll(/^ {2}([a-z]+)(?: \[[^\n]*?)? {2,}/gm)].map(([, name = '']) => name);
  return { flags: [...new Set(flags)], values, inner };
}

beforeAll(async () => {
  const { inner } = await helpOf();
  for (const name of inner.filter((each) => each !== 'help')) HELP.set(name, await helpOf(name));
  for (const part of ['seal', 'check']) {
    const { flags, values } = await helpOf('secrets', part);
    const before = HELP.get('secrets')!;
    HELP.set('secrets', { flags: [...before.flags, ...flags], values: { ...before.values, ...values } });
  }
  writeFileSync(join(folder, 'one file.yaml'), '');
  mkdirSync(join(folder, 'one folder'));
  for (const shell of ['bash', 'zsh', 'fish']) {
    const file = join(folder, `.${shell}`);
    writeFileSync(file, (await inProcess(['completion', shell], '/')).stdout);
    scripts.set(shell, file);
  }
});

/** What the shell itself offers after each of these lines, which end where somebody presses Tab. */
type Offers = (lines: readonly string[]) => readonly (readonly string[])[];

const END = '----';

function answers(output: string): string[][] {
  return output
    .split(`${END}\n`)
    .slice(0, -1)
    .map((part) => part.split('\n').filter((line) => line !== ''));
}

/** bash splits words at `=` before it asks; a test that types into a terminal would see the same. */
const bash: Offers = (lines) => {
  const ask = (line: string) => {
    const words = line.replaceAll('=', ' = ').split(' ');
    if (line.endsWith('=')) words.pop();
    const quoted = words.map((word) => `'${word}'`).join(' ');
    return `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _greenroom; printf '%s\\n' "\${COMPREPLY[@]}" ${END}`;
  };
  const input = `source '${scripts.get('bash')}'\n${lines.map(ask).join('\n')}\n`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-s'], { cwd: folder, encoding: 'utf8', input });
  expect(stderr).toBe('');
  return answers(stdout);
};

const fish: Offers = (lines) => {
  const ask = (line: string) => `complete -C '${line}'; echo ${END}`;
  const input = `source '${scripts.get('fish')}'\n${lines.map(ask).join('\n')}\n`;
  const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', input], { cwd: folder, encoding: 'utf8' });
  expect(stderr).toBe('');
  return answers(stdout).map((offered) => offered.map((each) => each.split('\t')[0]!));
};

/**
 * zsh completes only in its line editor, so an interactive zsh in a pseudo-terminal gets the keys. Its `compadd`, which
 * receives each match, is replaced by one that prints them.
 */
const zsh: Offers = (lines) => {
  const setUp = `
PROMPT= RPROMPT= ; unsetopt beep prompt_sp prompt_cr zle
autoload -Uz compinit; compinit -u -D; source ${scripts.get('zsh')}
zstyle ":completion:*" list-separator ""
compadd () {
  if [[ " $* " == *" "-[OAD]" "* ]]; then builtin compadd "$@"; return $?; fi
  typeset -a __hits; builtin compadd -A __hits "$@"
  (( \${#__hits} )) && print -rl -- "\${__hits[@]}" >> $OUT
  builtin compadd "$@"
}
ask () { BUFFER=$ASKED[$COUNT]; CURSOR=\${#BUFFER}; zle list-choices; print -r -- "${END}" >> $OUT; (( COUNT++ )); BUFFER=; }
zle -N ask; bindkey "^I" ask; COUNT=1; ASKED=("\${(@f)$(<$IN)}")
setopt zle; print READY
`;
  writeFileSync(join(folder, '.setup'), setUp);
  writeFileSync(join(folder, '.in'), `${lines.join('\n')}\n`);
  writeFileSync(join(folder, '.out'), '');
  const drive = `
zmodload zsh/zpty; export IN=${folder}/.in OUT=${folder}/.out TERM=dumb
zpty z zsh -f -i
zpty -w z "source ${folder}/.setup"
zpty -r -m z line "*READY*" || exit 1
repeat ${lines.length}; do zpty -w -n z $'\\t'; done
for i in {1..600}; do
  while zpty -r -t z line; do :; done
  [[ $(grep -c -- "^${END}$" $OUT) -ge ${lines.length} ]] && break
  sleep 0.05
done
zpty -d z
cat $OUT
`;
  const { stdout, stderr } = spawnSync('zsh', ['-f', '-c', drive], { cwd: folder, encoding: 'utf8', timeout: 60_000 });
  expect(stderr).toBe('');
  return answers(stdout).map((offered) => [
    ...new Set(offered.map((each) => each.replace(/\\ /g, ' ').replace(/=$/, ''))),
  ]);
};

describe.each(Object.entries({ bash, zsh, fish }))('%s', (shell, offers) => {
  const isThere = spawnSync(shell, ['--version']).status === 0;

  test.skipIf(!isThere)('offers every command', () => {
    const [offered = []] = offers(['greenroom ']);
    expect(offered).toEqual(expect.arrayContaining([...HELP.keys(), 'help']));
    const [help = []] = offers(['greenroom help ']);
    expect(help).toEqual(expect.arrayContaining([...HELP.keys()]));
    expect(HELP.size).toBeGreaterThan(25);
    expect(offers(['greenroom -', 'greenroom --']).flat()).toEqual(
      expect.arrayContaining(['-q', '--quiet', '--verbose', '-V', '--version', '-h', '--help']),
    );
  });

  test.skipIf(!isThere)('offers every flag of every command', () => {
    const names = [...HELP.keys()];
    // fish offers long names only after two dashes.
    const offered = offers(names.flatMap((name) => [`greenroom ${name} -`, `greenroom ${name} --`]));
    for (const [i, name] of names.entries()) {
      const found = new Set([...(offered[2 * i] ?? []), ...(offered[2 * i + 1] ?? [])]);
      expect([name, HELP.get(name)!.flags.filter((flag) => !found.has(flag))]).toEqual([name, []]);
    }
  });

  test.skipIf(!isThere)('offers every value of a closed list, also after "="', () => {
    const all = [...HELP].flatMap(([name, { values }]) =>
      Object.entries(values).map(([flag, words]) => ({ name, flag, words })),
    );
    expect(all.length).toBeGreaterThan(20);
    const lines = all.flatMap(({ name, flag }) => [`greenroom ${name} ${flag} `, `greenroom ${name} ${flag}=`]);
    const offered = offers(lines).map((each) => each.map((word) => word.replace(/^--[a-z-]+=/, '')));
    for (const [i, { words }] of all.entries()) {
      expect([lines[2 * i], [...(offered[2 * i] ?? [])].sort()]).toEqual([lines[2 * i], [...words].sort()]);
      expect([lines[2 * i + 1], [...(offered[2 * i + 1] ?? [])].sort()]).toEqual([lines[2 * i + 1], [...words].sort()]);
    }
  });

  test.skipIf(!isThere)('offers words and files where each can be', () => {
    const [schema, imports, file, key, rules, template, text, dir, check] = offers([
      'greenroom schema ',
      'greenroom import ',
      'greenroom import compose ',
      'greenroom secrets ',
      'greenroom explain run-as',
      'greenroom new web',
      'greenroom list --repo ',
      'greenroom doctor --build ',
      'greenroom check one',
    ]);
    expect([...schema!].sort()).toEqual(['exception', 'micro-app', 'platform', 'preview', 'template']);
    expect([...imports!].sort()).toEqual(['compose', 'heroku-app-json', 'score']);
    expect(file).toEqual(expect.arrayContaining(['one file.yaml']));
    expect(file).not.toContain('compose');
    expect([...key!].sort()).toEqual(['check', 'seal']);
    expect(rules).toEqual(['run-as-non-root']);
    expect(template).toEqual(expect.arrayContaining(['web-service-node', 'web-service-python']));
    expect(text).toEqual([]);
    expect(dir!.map((name) => name.replace(/\/$/, ''))).toEqual(['one folder']);
    expect(check!.map((name) => name.replace(/\/$/, '')).sort()).toEqual(['one file.yaml', 'one folder']);
  });

  test.skipIf(!isThere)('offers the flags of check for check, not for "secrets check"', () => {
    const [flags] = offers(['greenroom secrets check --']);
    expect(flags).toContain('--diff');
    expect(flags).not.toContain('--fix');
  });
});
