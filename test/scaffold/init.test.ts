import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { sha256 } from '../../lib/core/digest.ts';
import { type InitOptions, init } from '../../lib/scaffold/init.ts';
import { platformText } from '../support/inputs.ts';

const ANSWERS = { domain: 'apps.example.com', owner: 'acme' };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'greenroom-init-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const run = (options: Partial<InitOptions> = {}) => init({ dir, version: '1.2.3', answers: ANSWERS, ...options });
const read = (path: string) => readFileSync(join(dir, path), 'utf8');
const write = (path: string, text: string) => writeFileSync(join(dir, path), text);
const changed = async (options: Partial<InitOptions> = {}) =>
  (await run(options)).files.filter((f) => f.action !== 'same').map((f) => [f.action, f.path]);

describe('init', () => {
  it('lays down a whole apps repo, and no mark of the template is left', async () => {
    const { files, left } = await run();
    expect(left).toEqual([]);
    expect(new Set(files.map((f) => f.action))).toEqual(new Set(['create']));
    for (const { path, text } of files) {
      expect(read(path)).toBe(text);
      if (path !== '.greenroom/greenroom.cjs') expect(text).not.toMatch(/__[A-Z]/);
    }
    for (const path of ['greenroom.yaml', '.github/CODEOWNERS', '.github/workflows/sync.yaml', 'README.md']) {
      expect(files.map((f) => f.path)).toContain(path);
    }
  });

  it('lets an image run only by its digest, before commit and at admission', async () => {
    await run();
    expect(parse(read('greenroom.yaml')).spec.evidence).toEqual({ require: ['digest'] });
    expect(read('policies/vap/validatingadmissionpolicy.greenroom-pinned-digest.yaml')).toContain('sha256');
  });

  it.each([
    ['external-secrets', 'External Secrets with the ClusterSecretStore `previews`'],
    ['sealed-secrets', 'Sealed Secrets'],
  ])('says in its README what previews with secrets need in the cluster: %s', async (mechanism, need) => {
    const platform = platformText(`secrets: { mechanism: ${mechanism} }`);
    await init({ dir, version: '1.2.3', platform });
    expect(read('README.md')).toContain(need);
  });

  it('says at the top of each file what made it, and labels each object as the platform’s', async () => {
    const team = new Set([
      ...['greenroom.yaml', '.github/CODEOWNERS', 'exceptions/README.md', '.greenroom.json'],
      // The same bytes as a release's.
      ...['.greenroom/greenroom.cjs', '.greenroom/NOTICES.txt'],
      // JSON has no comments.
      ...['platform', 'micro-app', 'exception'].map((name) => `.greenroom/schemas/${name}.schema.json`),
    ]);
    for (const { path, text } of (await run()).files) {
      if (team.has(path)) continue;
      const made = 'Made by greenroom from greenroom.yaml';
      expect(text!.split('\n')[0], path).toMatch(new RegExp(`^(?:# |<!-- )${made}.*\\. Edits are refused\\.`));
      if (!/^(?:bootstrap|policies)\//.test(path)) continue;
      expect(text!.match(/^#/gm), path).toHaveLength(1);
      expect(parse(text!).metadata.labels, path).toMatchObject({
        'app.kubernetes.io/name': 'greenroom',
        'app.kubernetes.io/part-of': 'greenroom',
        'app.kubernetes.io/managed-by': 'greenroom',
      });
    }
  });

  it('pins the reconciler’s objects once, in the bootstrap, not among the policies as well', async () => {
    const paths = (await run()).files.map((f) => f.path);
    expect(paths.filter((path) => path.includes('greenroom-own-application'))).toEqual([
      'bootstrap/install/argocd/validatingadmissionpolicy.greenroom-own-application.yaml',
      'bootstrap/install/argocd/validatingadmissionpolicybinding.greenroom-own-application.yaml',
    ]);
    expect(paths).toContain('policies/vap/validatingadmissionpolicy.greenroom-no-privileged.yaml');
    const labels = 'validatingadmissionpolicy.greenroom-namespace-labels.yaml';
    expect(paths.filter((path) => path.endsWith(labels))).toEqual([`bootstrap/install/clusters/main/${labels}`]);
  });

  it('lays down one for Flux, which says nothing of Argo CD', async () => {
    const platform = `apiVersion: greenroom.dev/v1alpha1
kind: Platform
spec:
  domain: apps.example.com
  sources: [{ owner: acme }]
  registries: [ghcr.io/acme]
  reconciler: flux
  policies: { engines: [kyverno] }
`;
    const { files } = await init({ dir, version: '1.2.3', platform });
    for (const { path, text } of files) {
      if (path !== '.greenroom/greenroom.cjs')
        expect(text ?? '', path).not.toMatch(/__[A-Z]|application greenroom|argocd-cm/);
    }
    expect(read('README.md')).toContain('Flux applies it');
    expect(read('README.md')).toContain('flux create secret git previews --url=https://github.com/acme/previews.git');
    expect(files.map((f) => f.path)).toContain('bootstrap/install/clusters/main/gitrepository.previews-index.yaml');
  });

  it('does nothing the second time', async () => {
    await run();
    const before = statSync(join(dir, 'README.md')).mtimeMs;
    expect(await changed()).toEqual([]);
    expect(statSync(join(dir, 'README.md')).mtimeMs).toBe(before);
  });

  it('writes nothing in a dry run', async () => {
    const made = await run({ dir: join(dir, 'new'), dryRun: true });
    expect(made.files.length).toBeGreaterThan(20);
    expect(() => statSync(join(dir, 'new'))).toThrow();
  });

  it('follows a changed greenroom.yaml, and removes what it no longer wants', async () => {
    await run();
    const main = '{ name: main, server: https://kubernetes.default.svc }';
    const big = '{ name: big, server: https://big.example.com, when: { sizes: [large] } }';
    write('greenroom.yaml', `${read('greenroom.yaml')}  clusters: [${big}, ${main}]\n`);
    const added = await changed();
    expect(added).toContainEqual(['create', 'bootstrap/argocd/applicationset.previews-big.yaml']);
    expect(added).toContainEqual(['update', 'bootstrap/install/argocd/appproject.previews.yaml']);
    // The team's own edit is the input of it all, not something to be written over.
    expect(added.map(([, path]) => path)).not.toContain('greenroom.yaml');
    write('greenroom.yaml', read('greenroom.yaml').replace(`${big}, `, ''));
    expect(await changed()).toContainEqual(['remove', 'bootstrap/argocd/applicationset.previews-big.yaml']);
    expect(() => read('bootstrap/argocd/applicationset.previews-big.yaml')).toThrow(/ENOENT/);
  });

  it('leaves what somebody edited alone, shows the difference, and goes on doing so', async () => {
    await run();
    write('README.md', `${read('README.md')}\nCall us.\n`);
    for (let i = 0; i < 2; i++) {
      const { left, files } = await run({ version: '1.3.0' });
      expect(left).toEqual(['README.md']);
      expect(files.find((f) => f.path === 'README.md')?.diff).toContain('\n-Call us.\n');
      expect(read('README.md')).toContain('Call us.');
      expect(read('.github/workflows/sync.yaml')).toContain(sha256(read('.greenroom/greenroom.cjs')));
    }
    expect((await run({ version: '1.3.0', overwrite: true })).left).toEqual([]);
    expect(read('README.md')).not.toContain('Call us.');
  });

  it('never touches what is the team’s own once it is there', async () => {
    await run();
    write('.github/CODEOWNERS', '* @acme/web\n');
    expect(await changed({ overwrite: true })).toEqual([['keep', '.github/CODEOWNERS']]);
    expect(read('.github/CODEOWNERS')).toBe('* @acme/web\n');
  });

  it('takes a greenroom.yaml as it is, but does not replace another one unasked', async () => {
    const platform = `# ours
apiVersion: greenroom.dev/v1alpha1
kind: Platform
spec: { domain: p.example.org, sources: [{ owner: web }], registries: [ghcr.io/web] }
`;
    await run({ platform });
    expect(read('greenroom.yaml')).toBe(platform);
    expect(read('.github/CODEOWNERS')).toContain('@web/platform');
    const other = platform.replace('# ours', '# theirs');
    await expect(run({ platform: other })).rejects.toMatchObject({ code: 'invalid-input' });
    expect(read('greenroom.yaml')).toBe(platform);
    await run({ platform: other, overwrite: true });
    expect(read('greenroom.yaml')).toBe(other);
  });

  it('refuses an apps repo of a newer greenroom, naming the version that is needed', async () => {
    await run({ version: '1.10.0' });
    const before = read('.greenroom.json');
    await expect(run({ version: '1.9.9' })).rejects.toThrow('node .greenroom/greenroom.cjs');
    expect(read('.greenroom.json')).toBe(before);
  });

  it('writes through no link', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'greenroom-outside-'));
    mkdirSync(join(dir, 'bootstrap'));
    symlinkSync(outside, join(dir, 'bootstrap', 'argocd'));
    await expect(run()).rejects.toMatchObject({ code: 'invalid-input' });
    rmSync(outside, { recursive: true });
  });

  it('needs answers where there is no greenroom.yaml', async () => {
    await expect(init({ dir, version: '1.2.3' })).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('quotes what a person typed', async () => {
    const contact = '@acme/web "on call": #1';
    await run({ answers: { ...ANSWERS, contact } });
    expect(parse(read('greenroom.yaml')).spec.policies.contact).toBe(contact);
  });
});

describe('the workflows', () => {
  it('pin every action by commit, grant nothing by default, and put no payload into a shell line', async () => {
    await run();
    for (const name of ['sync', 'sweep', 'check', 'diff', 'audit']) {
      const text = read(`.github/workflows/${name}.yaml`);
      const workflow = parse(text);
      expect(workflow.permissions).toEqual({});
      expect(workflow.concurrency.group).toBeTruthy();
      type Step = { uses?: string; run?: string; with?: Record<string, unknown> };
      const steps = Object.values<{ steps: Step[] }>(workflow.jobs).flatMap((j) => j.steps);
      for (const step of steps) {
        if (step.uses !== undefined) expect(step.uses).toMatch(/@[0-9a-f]{40}$/);
        expect(step.run ?? '').not.toContain('${{');
        // What a pull request brings along lies in a folder of its own.
        if (step.uses?.startsWith('actions/checkout@')) {
          expect(step.with).toMatchObject({ path: 'apps', 'persist-credentials': false });
        }
      }
    }
  });
});

describe('the policies', () => {
  const exception = (until: string) => `apiVersion: greenroom.dev/v1alpha1
kind: Exception
metadata: { name: shop }
spec: { rule: allowed-registries, repository: acme/shop, reason: a test, approver: "@alice", until: "${until}" }
`;
  const clock = () => Date.parse('2026-11-24T00:00:00Z') / 1000;
  const policy = 'policies/vap/validatingadmissionpolicy.greenroom-allowed-registries.yaml';

  it('are compiled for each engine, and the guards are not among them', async () => {
    const engines =
      'spec: { domain: p.example.org, sources: [{ owner: web }], registries: [ghcr.io/web], policies: { engines: [kyverno, vap] } }';
    const { files } = await run({ platform: `apiVersion: greenroom.dev/v1alpha1\nkind: Platform\n${engines}\n` });
    const names = files.map((f) => f.path).filter((path) => path.startsWith('policies/'));
    expect(names).toContain(policy);
    expect(names).toContain('policies/kyverno/validatingpolicy.greenroom-allowed-registries.yaml');
    expect(names.filter((path) => path.includes('greenroom-namespace-labels'))).toEqual([]);
  });

  it('honour an exception while it holds, and say when it does not', async () => {
    await run({ clock });
    write('exceptions/shop.yaml', exception('2026-12-01'));
    expect(await changed({ clock })).toEqual([['update', policy]]);
    expect(read(policy)).toContain('acme/shop');
    const later = await run({ clock: () => clock() + 30 * 86_400 });
    expect(later.notes).toEqual([expect.stringContaining('ended at')]);
    expect(read(policy)).not.toContain('acme/shop');
  });
});
