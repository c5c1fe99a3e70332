import { execFileSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { inProcess } from '../support/command.ts';
import { bareRepo, filesOf, git, type TestFiles, tempFolder } from '../support/git.ts';
import { serveGit } from '../support/git-http.ts';
import { platformText } from '../support/inputs.ts';

const ARGS = ['--repo', 'acme/shop', '--owner', '@acme/web', '--no-input'];
const TEMPLATE = {
  'template.yaml': `apiVersion: greenroom.dev/v1alpha1
kind: Template
metadata: { name: ours, title: Ours, description: A template of a platform team }
spec: {}
`,
  'skeleton/preview.yaml.njk':
    'apiVersion: greenroom.dev/v1alpha1\nkind: Preview\nspec:\n  template: static-site\n  image: ${{ values.image }}\n',
};

let root: string;
beforeEach(() => {
  root = tempFolder();
  bareRepo({ 'greenroom.yaml': platformText('') }, { path: join(root, 'acme/previews.git') });
});

const source = () => join(root, 'acme/shop.git');
const run = (template: string) =>
  inProcess(['new', template, ...ARGS, '--apps-repo', join(root, 'acme/previews.git'), '--forge', root], root, {
    PATH: process.env['PATH'],
  });

/** It is refused in one calm sentence, and nothing is made. */
async function refused(template: string, code: number, ...words: string[]): Promise<void> {
  const answer = await run(template);
  expect([answer.code, answer.stderr]).toEqual([code, expect.stringContaining(words[0]!)]);
  for (const word of words) expect(answer.stderr).toContain(word);
  expect(answer.stderr).not.toMatch(/internal error|(?!\n)\p{Cc}|\p{Bidi_Control}/u);
  expect(existsSync(source())).toBe(false);
}

describe('an address of a template', () => {
  const FORMS = 'allowed are https://..., ssh://..., user@host:path, http://... and file://...';
  test.each([
    ['ext::sh -c touch% pwned', 'no spaces'],
    ['ext::touch${IFS}pwned', FORMS],
    ['EXT::touch', FORMS],
    ['fd::17/x', FORMS],
    ['git::https://example.com/x', FORMS],
    ['transport::address', FORMS],
    ['ext://touch/pwned', 'templates are not read by "ext"'],
    ['git://example.com/x.git', 'templates are not read by "git"'],
    ['ftp://example.com/x.git', FORMS],
    ['codecommit://x', FORMS],
    ['ssh://-oProxyCommand=touch%20pwned/x', 'no valid host'],
    ['ssh://me@-oProxyCommand=touch/x', 'host'],
    ['me@-oProxyCommand=touch:x', FORMS],
    ['https://', 'no valid host'],
    ['https:///x', 'no valid host'],
    ['https://exa mple.com/x', 'no spaces'],
    ['https://example.com/x\n--upload-pack=touch', 'no spaces'],
    ['https://example.com/\u001b[2Jx', 'no invisible characters'],
    ['https://example.com/\u202egit.x', 'no invisible characters'],
    ['https://example.com/x.git#../..', 'found "../.."'],
    ['https://example.com/x.git#/etc', 'found "/etc"'],
    ['https://example.com/x.git#a/.git/b', 'must be a folder'],
    ['https://example.com/x.git#**', 'must be a folder'],
    ['C:\\templates\\ours', 'no such file'],
  ])('%j is refused before anything is asked', async (address, words) => {
    await refused(address, 2, words);
    expect(existsSync(join(root, 'pwned'))).toBe(false);
  });

  test.each([
    'https://hunter2@127.0.0.1:1/x.git',
    'https://me:hunter2@127.0.0.1:1/x.git',
    'https://me:hunter2@127.0.0.1:1/x.git#templates/ours',
    'https://127.0.0.1:1/x.git?token=hunter2',
    'ssh://me:hunter2@127.0.0.1:1/x.git',
    'me:hunter2@127.0.0.1:x.git',
    'git://me:hunter2@127.0.0.1:1/x.git',
    'https://me:hunter2@127.0.0.1:1/x y.git',
    'https://me:hunter2@127.0.0.1:1/x.git#../..',
  ])('%j: its password is in no message', async (address) => {
    const { code, stderr, stdout } = await run(address);
    expect([2, 4]).toContain(code);
    expect(stderr + stdout).not.toContain('hunter2');
  });

  test('with a password is read, and the new repository does not know it', async () => {
    const repositories = tempFolder();
    bareRepo(TEMPLATE, { path: join(repositories, 'ours.git') });
    const { origin } = await serveGit(repositories, 'me', 'hunter2');
    const address = `${origin.replace('://', '://me:hunter2@')}/ours.git`;
    const { code, stdout, stderr } = await run(address);
    expect([code, stderr + stdout]).toEqual([0, expect.not.stringContaining('hunter2')]);
    expect(JSON.stringify(filesOf(source(), 'greenroom/new'))).not.toContain('hunter2');
    const update = ['update', '--repo', 'acme/shop', '--apps-repo', join(root, 'acme/previews.git'), '--forge', root];
    git(source(), ['update-ref', 'refs/heads/main', 'refs/heads/greenroom/new']);
    bareRepo(
      { ...TEMPLATE, 'template.yaml': TEMPLATE['template.yaml'].replace('name: ours', 'name: other') },
      { path: join(repositories, 'other.git') },
    );
    const other = address.replace('ours.git', 'other.git');
    const env = { PATH: process.env['PATH'] };
    const updated = await inProcess([...update, '--template', other, '--no-input'], root, env);
    expect([updated.code, updated.stderr]).toEqual([2, expect.stringContaining('is the template "other"')]);
    expect(updated.stderr).not.toContain('hunter2');
  });

  test('with a wrong password, or of nothing, says which of them it may be', async () => {
    const repositories = tempFolder();
    const { origin } = await serveGit(repositories, 'me', 'hunter2');
    await refused(`${origin.replace('://', '://me:wrong@')}/ours.git`, 1, 'the credentials were refused');
    await refused(`${origin.replace('://', '://me:hunter2@')}/ours.git`, 2, 'there is no git repository');
  });

  test('of a repository without a commit, or without a template, is said to be so', async () => {
    await refused(`file://${bareRepo()}`, 2, 'has no commit');
    await refused(`file://${bareRepo({ 'README.md': 'x' })}`, 2, 'template.yaml: is missing');
    await refused(`file://${bareRepo(TEMPLATE)}#nowhere`, 2, 'template.yaml: is missing');
  });
});

/** A repository whose trees git itself would not write. */
function oddTree(path: string[], mode = '100644'): string {
  const repo = bareRepo(TEMPLATE);
  const blob = git(repo, ['hash-object', '-w', '--stdin'], 'x');
  const skeleton = git(repo, ['ls-tree', 'main:skeleton'])
    .split('\n')
    .map((line) => line.replace(/^(\d+) (\w+) (\w+)\t(.*)$/, '$1 $4\0$3'));
  const treeOf = (entries: string[]) => {
    const bytes = entries.map((entry) => {
      const end = entry.indexOf('\0');
      return Buffer.concat([Buffer.from(entry.slice(0, end + 1)), Buffer.from(entry.slice(end + 1), 'hex')]);
    });
    return git(repo, ['hash-object', '-t', 'tree', '-w', '--stdin', '--literally'], Buffer.concat(bytes));
  };
  const [first, ...rest] = [...path].reverse();
  let entry = `${mode} ${first}\0${blob}`;
  for (const folder of rest) entry = `40000 ${folder}\0${treeOf([entry])}`;
  const whole = treeOf([entry, ...skeleton]);
  const top = `40000 skeleton\0${whole}`;
  const template = `100644 template.yaml\0${git(repo, ['rev-parse', 'main:template.yaml'])}`;
  const commit = git(repo, ['commit-tree', treeOf([top, template]), '-m', 'x']);
  git(repo, ['update-ref', 'refs/heads/main', commit]);
  return `file://${repo}`;
}

describe('a repository of a template', () => {
  test.each([
    [['.git', 'config']],
    [['.GIT', 'hooks', 'post-checkout']],
    [['a', '.gIt', 'config']],
    [['git~1', 'config']],
    [['GIT~2', 'config']],
    [['.g\u200cit', 'config']],
    [['.git\u202e', 'config']],
    [['.git ', 'config']],
    [['.git.', 'config']],
    [['.git::$INDEX_ALLOCATION', 'config']],
    [['..', 'x']],
    [['.', 'x']],
    [['a\\..\\..\\x']],
    [['line\nbreak: pretends to be another problem']],
    [['\u001b[2Jscreen']],
    [['a\u202etxt.exe']],
    [['tab\tname']],
  ])('with the path %j is refused', (path) => refused(oddTree(path), 2, 'is a path that a repository may not have'));

  test('with a path that is not UTF-8 is refused', async () => {
    const repo = bareRepo(TEMPLATE);
    const blob = git(repo, ['hash-object', '-w', '--stdin'], 'x');
    const name = Buffer.concat([Buffer.from('100644 '), Buffer.from([0xff, 0xfe, 0]), Buffer.from(blob, 'hex')]);
    const tree = git(repo, ['hash-object', '-t', 'tree', '-w', '--stdin', '--literally'], name);
    const top = [
      `040000 tree ${tree}\tskeleton`,
      `100644 blob ${git(repo, ['rev-parse', 'main:template.yaml'])}\ttemplate.yaml`,
    ];
    const commit = git(repo, ['commit-tree', git(repo, ['mktree'], `${top.join('\n')}\n`), '-m', 'x']);
    git(repo, ['update-ref', 'refs/heads/main', commit]);
    await refused(`file://${repo}`, 1, 'a file whose name is not UTF-8');
  });

  test.each<[string, TestFiles, string]>([
    [
      'template.yaml as a link',
      { 'template.yaml': { mode: '120000', content: '/etc/passwd' } },
      'template.yaml: is a link',
    ],
    ['a link to a file', { 'skeleton/a': { mode: '120000', content: '/etc/passwd' } }, 'skeleton/a: is a link'],
    [
      'a link in a folder',
      { 'skeleton/a/b/c': { mode: '120000', content: '../../../..' } },
      'skeleton/a/b/c: is a link',
    ],
    [
      'a submodule',
      { 'skeleton/sub': { mode: '160000', content: 'a'.repeat(40) } },
      'skeleton/sub: is a link or a submodule',
    ],
    ['.gitmodules', { 'skeleton/.gitmodules': '[submodule "x"]\n' }, 'names submodules'],
    ['.gitmodules in capitals', { 'skeleton/.GitModules.njk': '' }, 'names submodules'],
    ['names that differ by case', { 'skeleton/README.md': 'a', 'skeleton/readme.md': 'b' }, 'gives the same file as'],
    ['folders that differ by case', { 'skeleton/a/x': 'a', 'skeleton/A/x': 'b' }, 'gives the same file as'],
    ['names that differ by form', { 'skeleton/\u00e9': 'a', 'skeleton/e\u0301': 'b' }, 'gives the same file as'],
    [
      'a file in the place of a folder',
      { 'skeleton/a.njk': 'a', 'skeleton/a/b': 'b' },
      'gives a file where skeleton/a/b',
    ],
    ['the same by another case', { 'skeleton/A': 'a', 'skeleton/a/b': 'b' }, 'gives a file where skeleton/a/b'],
    [
      'a pointer of LFS',
      { 'skeleton/big.bin': `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 1\n` },
      'skeleton/big.bin: is a pointer of Git LFS',
    ],
    ['a picture', { 'skeleton/a.png': Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]) }, 'skeleton/a.png: is not UTF-8'],
    ['text in UTF-16', { 'skeleton/a.txt': Buffer.from('\ufeffhi', 'utf16le') }, 'skeleton/a.txt: is not UTF-8'],
    [
      'template.yaml in Latin-1',
      { 'template.yaml': Buffer.from('# caf\u00e9\n', 'latin1') },
      'template.yaml: is not UTF-8',
    ],
    ['a large file', { 'skeleton/a.txt': 'a'.repeat(1024 * 1024 + 1) }, 'larger than 1048576 bytes'],
    [
      'many files',
      Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`skeleton/f${i}`, 'x'])),
      'has more than 201 files',
    ],
  ])('with %s is refused', async (_, files, words) => {
    const answer = await run(`file://${bareRepo({ ...TEMPLATE, ...files })}`);
    expect([1, 2]).toContain(answer.code);
    expect(answer.stderr).toContain(words);
    expect(answer.stderr).not.toMatch(/internal error/);
    expect(existsSync(source())).toBe(false);
  });

  test('gives its files as they are stored: no filter, no export-ignore, no hook', async () => {
    const files = {
      ...TEMPLATE,
      '.gitattributes': '* filter=evil text eol=crlf\n*.txt export-ignore ident\n',
      'skeleton/.gitattributes': '* text=auto\n',
      'skeleton/a.txt': 'one\ntwo $Id$\n',
      'skeleton/run.sh': { mode: '100755', content: '#!/bin/sh\n' },
      '.lfsconfig': '[lfs]\n\turl = http://169.254.169.254/\n',
    } as const;
    const repo = bareRepo(files);
    const hook = join(repo, 'hooks/post-upload-pack');
    mkdirSync(dirname(hook), { recursive: true });
    writeFileSync(hook, `#!/bin/sh\ntouch ${root}/pwned\n`, { mode: 0o755 });
    expect(await run(`file://${repo}`)).toMatchObject({ code: 0 });
    expect(filesOf(source(), 'greenroom/new')).toMatchObject({
      '.gitattributes': '* text=auto\n',
      'a.txt': 'one\ntwo $Id$\n',
      'run.sh': '#!/bin/sh\n',
    });
    expect(existsSync(join(root, 'pwned'))).toBe(false);
  });
});

describe('a folder of a template', () => {
  const folder = (files: Readonly<Record<string, string>> = {}) => {
    const place = join(tempFolder(), 'ours');
    for (const [path, text] of Object.entries({ ...TEMPLATE, ...files })) {
      mkdirSync(dirname(join(place, path)), { recursive: true });
      writeFileSync(join(place, path), text);
    }
    return place;
  };

  test.each<[string, (place: string) => unknown, string]>([
    ['a link to a file', (place) => symlinkSync('/etc/passwd', join(place, 'skeleton/a')), 'skeleton/a: is a link'],
    ['a link to a folder', (place) => symlinkSync('/etc', join(place, 'skeleton/a')), 'skeleton/a: is a link'],
    ['a link to itself', (place) => symlinkSync('.', join(place, 'skeleton/a')), 'skeleton/a: is a link'],
    [
      'a skeleton that is a link',
      (place) => {
        execFileSync('mv', [join(place, 'skeleton'), `${place}-elsewhere`]);
        symlinkSync(`${place}-elsewhere`, join(place, 'skeleton'));
      },
      'skeleton: is a link',
    ],
    ['a named pipe', (place) => execFileSync('mkfifo', [join(place, 'skeleton/pipe')]), 'skeleton/pipe: is a link'],
    [
      'a named pipe as template.yaml',
      (place) => execFileSync('sh', ['-c', 'rm template.yaml; mkfifo template.yaml'], { cwd: place }),
      'is not a file',
    ],
    [
      'a file as skeleton',
      (place) => execFileSync('sh', ['-c', 'rm -r skeleton; touch skeleton'], { cwd: place }),
      'skeleton',
    ],
    ['no skeleton', (place) => execFileSync('rm', ['-r', join(place, 'skeleton')]), 'skeleton/: is empty'],
    ['a name with a line break', (place) => writeFileSync(join(place, 'skeleton/a\nb: c'), 'x'), 'may not have'],
    ['a name that clears the screen', (place) => writeFileSync(join(place, 'skeleton/\u001b[2J'), 'x'), 'may not have'],
    ['its own .git', (place) => execFileSync('git', ['init', '-q', join(place, 'skeleton')]), 'skeleton/.git/'],
    [
      'a picture',
      (place) => writeFileSync(join(place, 'skeleton/a.png'), Buffer.from([0x89, 0x50, 0xff])),
      'skeleton/a.png: is not UTF-8',
    ],
  ])('with %s is refused', async (_, spoil, words) => {
    const place = folder();
    spoil(place);
    await refused(place, 2, words);
  });

  test('may have hard links, as package managers make them: they are files', async () => {
    const place = folder();
    const shared = join(tempFolder(), 'shared');
    writeFileSync(shared, 'the same\n');
    linkSync(shared, join(place, 'skeleton/a.txt'));
    expect(await run(place)).toMatchObject({ code: 0 });
    expect(filesOf(source(), 'greenroom/new')['a.txt']).toBe('the same\n');
  });
});
