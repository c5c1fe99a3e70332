import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatRecord, type PreviewRecord } from '../../lib/model/record.ts';
import { inProcess } from '../support/command.ts';
import { previewText } from '../support/inputs.ts';

let cwd: string;
beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'greenroom-doctor-'));
  expect((await greenroom('init', '.', '--domain', 'apps.example.com', '--owner', 'acme')).code).toBe(0);
});
afterEach(() => rmSync(cwd, { recursive: true }));

async function greenroom(...argv: string[]) {
  const { code, stdout: out } = await inProcess(argv, cwd);
  return { code, out };
}

/** `render` asks no registry, and the laid-down settings require a digest. */
const PREVIEW = previewText('', `ghcr.io/acme/site@sha256:${'0'.repeat(64)}`);

const write = (path: string, text: string) => {
  mkdirSync(dirname(join(cwd, path)), { recursive: true });
  writeFileSync(join(cwd, path), text);
};

function addPreview(number: number, change: Partial<PreviewRecord> = {}, folder?: string): void {
  const name = `pr-shop-${number}`;
  const record: PreviewRecord = {
    name,
    identity: { repositoryId: 1, repository: 'acme/shop', number },
    author: 'maker',
    headSha: 'a'.repeat(40),
    image: 'ghcr.io/acme/shop:x',
    imageDigest: null,
    url: `https://${name}.apps.example.com`,
    cluster: 'main',
    created: 1,
    expires: 2,
    cost: { currency: 'USD', perDay: 0.3, ratesAsOf: '2026-01' } as PreviewRecord['cost'],
    specDigest: `sha256:${'0'.repeat(64)}`,
    ...change,
  };
  write(`${folder ?? `previews/main/shop/${name}`}/preview.json`, formatRecord(record));
}

const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd, stdio: 'pipe' });

describe('greenroom doctor', () => {
  it('finds nothing wrong with what greenroom wrote', async () => {
    addPreview(7);
    addPreview(8);
    write('preview.yaml', PREVIEW);
    const made = await greenroom('render', 'preview.yaml', '--out', '.', '--repo', 'acme/site', '--pr', '9');
    expect([made.code, (await greenroom('doctor', '.')).out]).toEqual([0, '']);
    write('README.md', 'Ours.\n');
    expect(await greenroom('doctor', '.')).toEqual({ code: 0, out: '' });
  });

  it.each([
    ['an edited fence', 'previews/main/site/pr-site-9/fence/namespace.pr-site-9.yaml', /pr-site-9\/: has a file that/],
    ['a file beside those of the app', 'previews/main/site/pr-site-9/app/job.x.yaml', /pr-site-9\/: has a file that/],
    ['an object in bootstrap', 'bootstrap/argocd/appproject.mine.yaml', /mine\.yaml: was not written by greenroom/],
    ['another repository', '.gitmodules', /\.gitmodules: would add a submodule/],
    ['attributes in a folder of one’s own', 'notes/.gitattributes', /notes\/\.gitattributes: makes a checkout differ/],
  ])('names %s', async (_, path, complaint) => {
    write('preview.yaml', PREVIEW);
    await greenroom('render', 'preview.yaml', '--out', '.', '--repo', 'acme/site', '--pr', '9');
    write(path, 'kind: Namespace\n');
    expect(await greenroom('doctor', '.')).toEqual({ code: 1, out: expect.stringMatching(complaint) });
  });

  it('compares what its help says, and nothing else', async () => {
    const { out: help } = await greenroom('doctor', '--help');
    const strict = ['bootstrap/', 'policies/', '.greenroom/'];
    expect(help).toContain(
      `${strict.slice(0, 2).join(', ')} and ${strict[2]} must contain exactly what greenroom writes`,
    );
    const laidDown = Object.keys(JSON.parse(readFileSync(join(cwd, '.greenroom.json'), 'utf8')).files);
    const isStrict = (path: string) => strict.some((folder) => path.startsWith(folder));
    const named = async () => (await greenroom('doctor', '.')).out.split('\n').map((line) => line.split(': ')[0]);
    const before = new Map(laidDown.map((path) => [path, readFileSync(join(cwd, path), 'utf8')]));
    for (const [path, text] of before) if (path !== 'greenroom.yaml') write(path, `${text}\n# edited\n`);
    expect((await named()).filter(Boolean)).toEqual(laidDown.filter(isStrict));
    for (const path of before.keys()) if (path !== 'greenroom.yaml') rmSync(join(cwd, path));
    expect((await named()).filter(Boolean)).toEqual(
      laidDown.filter((path) => isStrict(path) || path === '.github/CODEOWNERS'),
    );
  });

  it('tells of an exception without effect, as `check` of its file does', async () => {
    const exception = (name: string, until: string, repository = 'acme/shop') =>
      write(
        `exceptions/${name}.yaml`,
        `apiVersion: greenroom.dev/v1alpha1
kind: Exception
metadata: { name: ${name} }
spec: { rule: max-size, repository: ${repository}, reason: a test, approver: '@platform', until: '${until}' }
`,
      );
    const soon = new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10);
    exception('good', soon);
    exception('ended', '2026-03-01');
    exception('elsewhere', soon, 'other/shop');
    const doctor = await inProcess(['doctor', '.'], cwd);
    expect(doctor.stderr).toContain('exception ignored: exceptions/ended.yaml: spec.until: exception ended ended at');
    expect(doctor.stderr).toContain('exception ignored: exceptions/elsewhere.yaml: spec: exception elsewhere has no');
    expect(doctor.stderr).not.toContain('good');
    const check = (name: string) => inProcess(['check', `exceptions/${name}.yaml`], cwd);
    expect(await check('good')).toMatchObject({ code: 0, stdout: '' });
    expect(await check('ended')).toMatchObject({ code: 2, stdout: expect.stringContaining('ended ended at') });
    expect(await check('elsewhere')).toMatchObject({ code: 2, stdout: expect.stringContaining('matches no preview') });
  });

  it('names a link wherever it lies', async () => {
    symlinkSync('/etc', join(cwd, 'elsewhere'));
    mkdirSync(join(cwd, 'notes'));
    symlinkSync('/etc', join(cwd, 'notes/elsewhere'));
    expect(await greenroom('doctor', '.')).toEqual({
      code: 1,
      out: 'elsewhere: is a link; only plain files are allowed here\nnotes/elsewhere: is a link; only plain files are allowed here\n',
    });
  });

  it.each<[string, () => void, RegExp]>([
    ['a preview.json out of shape', () => write('previews/main/shop/pr-shop-7/preview.json', '{}'), /malformed/],
    ['a preview in another’s folder', () => addPreview(7, {}, 'previews/main/shop/pr-shop-9'), /belongs in/],
    [
      'a pull request twice',
      () => {
        addPreview(7);
        addPreview(8, { identity: { repositoryId: 1, repository: 'acme/shop', number: 7 } });
      },
      /the same pull request/,
    ],
    [
      'a cluster that is not there',
      () => addPreview(7, { cluster: 'big' }, 'previews/big/shop/pr-shop-7'),
      /no cluster big/,
    ],
    ['a folder without a preview.json', () => write('previews/main/shop/pr-shop-7/app/x.yaml', ''), /is missing/],
    ['a stray file', () => write('previews/main/shop/pr-shop-7/app/deep/preview.json', '{}'), /is an unexpected file/],
    [
      'an edited bootstrap',
      () => write('bootstrap/install/argocd/appproject.previews.yaml', 'x'),
      /appproject\.previews\.yaml: differs from what/,
    ],
    [
      'a policy that was removed',
      () => rmSync(join(cwd, 'policies/vap/validatingadmissionpolicy.greenroom-no-privileged.yaml')),
      /no-privileged\.yaml: is missing/,
    ],
  ])('names %s', async (_, damage, complaint) => {
    damage();
    const { code, out } = await greenroom('doctor', '.');
    expect(code).toBe(1);
    expect(out).toMatch(complaint);
  });

  it('follows no link', async () => {
    mkdirSync(join(cwd, 'previews/main/shop'), { recursive: true });
    symlinkSync('/etc', join(cwd, 'previews/main/shop/pr-shop-7'));
    expect((await greenroom('doctor', '.')).out).toContain('is an unexpected file');
  });

  it('stops a change that would remove most previews, and lets one that ends a few pass', async () => {
    git('init', '--quiet');
    for (let n = 1; n <= 10; n++) addPreview(n);
    git('add', '--all');
    git('commit', '--quiet', '--message=before');
    rmSync(join(cwd, 'previews/main/shop/pr-shop-1'), { recursive: true });
    expect((await greenroom('doctor', '.', '--since', 'HEAD')).code).toBe(0);
    rmSync(join(cwd, 'previews'), { recursive: true });
    const { code, out } = await greenroom('doctor', '.', '--since', 'HEAD');
    expect(code).toBe(1);
    expect(out).toContain('10 of 10 previews would be removed');
    expect((await greenroom('doctor', '.', '--since', '--help')).code).toBe(2);
  });

  it('looks into a cluster only when it is asked to, by a flag or by KUBECONFIG', async () => {
    const asked = async (env: Record<string, string>, ...args: string[]) => {
      const { code, stderr } = await inProcess(['doctor', '.', ...args], cwd, { PATH: '/nonexistent', ...env });
      return [code, stderr.includes('needs kubectl')];
    };
    expect(await asked({})).toEqual([0, false]);
    expect(await asked({ KUBECONFIG: '' })).toEqual([0, false]);
    expect(await asked({ KUBECONFIG: '/k' }, '--no-cluster')).toEqual([0, false]);
    expect(await asked({ KUBECONFIG: '/k' })).toEqual([1, true]);
    expect(await asked({}, '--kubeconfig', 'k')).toEqual([2, false]);
    write('k', '');
    expect(await asked({}, '--kubeconfig', 'k')).toEqual([1, true]);
  });

  it('refuses a greenroom.yaml that is wrong', async () => {
    write('greenroom.yaml', `${readFileSync(join(cwd, 'greenroom.yaml'), 'utf8')}  typo: 1\n`);
    expect((await greenroom('doctor', '.')).code).toBe(2);
  });
});
