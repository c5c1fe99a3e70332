import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { keyPair } from '../evidence/signing.ts';
import { greenroom, inProcess } from '../support/command.ts';
import { bareRepo, tempFolder } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';

let cwd: string;
beforeAll(() => {
  cwd = tempFolder();
  writeFileSync(join(cwd, 'greenroom.yaml'), platformText());
});

const SERVICE =
  'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  type: LoadBalancer\n  ports: [{ port: 80 }]\n';
const CONFIG = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: colours\n';

function file(name: string, text: string | Buffer): string {
  const path = join(cwd, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return name;
}

const check = (...args: string[]) => inProcess(['check', ...args], cwd);

describe('check', () => {
  test('nothing to change is exit code 0', async () => {
    expect(await check(file('fine/a.yaml', CONFIG))).toEqual({
      code: 0,
      stdout: '',
      stderr: '1 object in 1 file: nothing to change\n',
    });
  });

  test('evidence of images is not looked for, whatever else is wrong', async () => {
    const keys = `keys: [${JSON.stringify(keyPair().pem)}]`;
    const evidence = `evidence: { require: [digest, signature, sbom, vulnerabilities], ${keys} }`;
    const platform = file('evidence/greenroom.yaml', platformText(evidence));
    const path = file('evidence/preview.yaml', previewText('manifests: own'));
    const own = (text: string) => file('evidence/own/a.yaml', text);
    own(CONFIG);
    expect(await check(path, '--platform', platform)).toMatchObject({ code: 0 });
    own(
      'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: disk }\nspec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }\n',
    );
    const { stdout, code } = await check(path, '--platform', platform);
    expect([code, stdout]).toEqual([2, expect.stringContaining('claim')]);
    expect(stdout).not.toMatch(/signature|SBOM|vulnerabilities|sha256:0000/);
  });

  test('what a rule refuses is exit code 3, at its own line, in text, JSON and SARIF alike', async () => {
    const path = file('denied/a.yaml', `${CONFIG}---\n${SERVICE}`);
    const text = await check(path);
    expect(text.code).toBe(3);
    expect(text.stdout).toMatch(/^denied\/a\.yaml:11:9: spec\.type: .*\[no-load-balancer\]$/m);
    const asJson = JSON.parse((await check(path, '--format', 'json')).stdout);
    const expected = {
      rule: 'no-load-balancer',
      severity: 'deny',
      file: path,
      line: 11,
      column: 9,
      field: 'spec.type',
    };
    expect(asJson.findings[0]).toMatchObject({
      ...expected,
      object: { apiVersion: 'v1', kind: 'Service', name: 'web' },
    });
    expect(asJson.summary).toMatchObject({ files: 1, objects: 2, denied: asJson.findings.length, problems: 0 });
    const log = JSON.parse((await check(path, '--format', 'sarif')).stdout);
    expect(log.version).toBe('2.1.0');
    expect(log.runs[0].results[0]).toMatchObject({
      ruleId: 'no-load-balancer',
      level: 'error',
      locations: [{ physicalLocation: { artifactLocation: { uri: path }, region: { startLine: 11, startColumn: 9 } } }],
    });
  });

  test('what render wrote passes, its fence included', async () => {
    const preview = file('render/preview.yaml', previewText('secrets: { KEY: acme/shop/key }'));
    const where = ['--platform', 'greenroom.yaml', '--repo', 'acme/shop', '--pr', '7', '--out', 'rendered'];
    await inProcess(['render', preview, ...where], cwd);
    expect(await check('rendered')).toMatchObject({ code: 0, stdout: '' });
  });

  test('--fix mends what it can, keeps comments, and says what is left', async () => {
    const path = file(
      'fix/service.yaml',
      SERVICE.replace('  type: LoadBalancer', '  # no address of its own\n  type: LoadBalancer'),
    );
    const run = await check(path, '--fix');
    expect(run).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('1 file mended') });
    const mended = readFileSync(join(cwd, path), 'utf8');
    expect(mended).toContain('# no address of its own');
    expect(mended).not.toContain('LoadBalancer');
    expect(await check(path, '--fix')).toMatchObject({ code: 0, stderr: expect.not.stringContaining('mended') });
    expect(readFileSync(join(cwd, path), 'utf8')).toBe(mended);
  });

  test('standard input', async () => {
    const run = await greenroom(['check', '-', '--format', 'json'], { cwd, input: SERVICE });
    expect(run.code).toBe(3);
    expect(JSON.parse(run.stdout).findings[0]).toMatchObject({ file: '<stdin>', line: 6 });
  });

  test("greenroom's own files are held to their schemas", async () => {
    const run = await check(
      file('own/preview.yaml', previewText('prot: 80')),
      file('own/greenroom.yaml', platformText('tll: {}')),
    );
    expect(run.code).toBe(2);
    expect(run.stdout).toContain('did you mean "port"?');
    expect(run.stdout).toContain('did you mean "ttl"?');
  });

  test('a maker’s file by another name is not read by sync, and that is said', async () => {
    const run = await check(file('named/preview.yml', previewText()));
    expect(run).toMatchObject({
      code: 2,
      stdout: 'named/preview.yml: must be called preview.yaml: sync reads no other name\n',
    });
  });

  test('a maker’s file below the top folder of a repository is judged, and said not to be read', async () => {
    const path = file('repo/app/preview.yaml', previewText());
    mkdirSync(join(cwd, 'repo/.git'), { recursive: true });
    file('repo/greenroom.yaml', platformText());
    const words = `sync reads preview.yaml in the top folder of a repository, and would not find ${path}`;
    expect(await check(path)).toMatchObject({ code: 0, stderr: expect.stringContaining(words) });
    const top = await check(file('repo/preview.yaml', previewText()));
    expect(top.stderr).not.toContain('would not find');
  });

  test('the platform comes from the folders above, from a file, or from an apps repo; whose repository it is, from Git', async () => {
    const repository = tempFolder();
    execFileSync('git', ['init', '--quiet', repository]);
    execFileSync('git', ['-C', repository, 'remote', 'add', 'origin', 'git@github.com:acme/shop.git']);
    mkdirSync(join(repository, 'web'));
    writeFileSync(join(repository, 'web/preview.yaml'), previewText('secrets: { KEY: acme/other/key }'));
    const appsRepo = bareRepo({ 'greenroom.yaml': platformText('secrets: { prefix: "{owner}/{repo}/" }') });
    const words = 'web/preview.yaml:6:19: spec.secrets.KEY: must be a reference under acme/shop/';
    const inside = await inProcess(['check', 'web/preview.yaml', '--apps-repo', appsRepo], repository);
    expect(inside).toMatchObject({ code: 2, stdout: expect.stringContaining(words) });
    writeFileSync(join(repository, 'greenroom.yaml'), platformText());
    expect(await inProcess(['check', 'web'], repository)).toMatchObject({
      code: 2,
      stdout: expect.stringContaining(words),
    });
    for (const command of ['render', 'cost']) {
      const { code, stderr } = await inProcess([command, 'web/preview.yaml'], repository);
      expect([code, stderr], command).toEqual([2, expect.stringContaining(words)]);
    }
    const other = await inProcess(['check', 'web', '--repo', 'acme/other'], repository);
    expect(other).toMatchObject({ code: 0, stdout: '' });
  });

  test('an ExternalSecret is judged but for its prefix where nobody knows whose it is', async () => {
    const secret = (key: string, more = '') =>
      `apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: { name: s }\nspec:\n  secretStoreRef: { kind: ClusterSecretStore, name: previews }\n  data: [{ secretKey: K, remoteRef: { key: ${key} } }]\n${more}`;
    expect((await check(file('es/a.yaml', secret('any/where/key')))).code).toBe(0);
    const all = secret('any/where/key', '  dataFrom: [{ find: { name: { regexp: ".*" } } }]\n');
    expect((await check(file('es/b.yaml', all))).stdout).toContain('[plain-secrets]');
    expect((await check('es/a.yaml', '--repo', 'acme/shop')).stdout).toContain('[own-secrets]');
  });

  test('a List is refused, and a kind that no rule knows still meets the general ones', async () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- ${CONFIG.replaceAll('\n', '\n  ')}\n`;
    const strange =
      'apiVersion: example.com/v1\nkind: Widget\nmetadata: { name: w, namespace: kube-system, finalizers: [example.com/x] }\n';
    const { stdout, code } = await check(file('odd/list.yaml', list), file('odd/widget.yaml', strange));
    expect(code).toBe(3);
    for (const rule of ['no-list', 'allowed-kinds', 'no-finalizers']) expect(stdout).toContain(`[${rule}]`);
  });

  test('without a platform it says which rules are left out', async () => {
    const elsewhere = tempFolder();
    writeFileSync(join(elsewhere, 'a.yaml'), CONFIG);
    const run = await inProcess(['check', 'a.yaml'], elsewhere);
    expect(run.stderr).toContain('left out: allowed-registries');
  });
});

describe('bad input is exit code 2 with a place, never a crash and never a silent pass', () => {
  test.each<[string, string | Buffer]>([
    ['broken YAML', 'a: [\n'],
    ['binary', Buffer.from([0, 159, 146, 150, 255])],
    ['ten megabytes', 'a: b\n'.repeat(2_000_000)],
    ['deep', `${'['.repeat(100_000)}`],
    ['aliases', 'a: &x [1]\nb: *x\n'],
    ['no Kubernetes object', 'just: text\n'],
    ['a version that no cluster serves', 'apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: { name: web }\n'],
    ['a version of the core group that never was', 'apiVersion: v9\nkind: Service\nmetadata: { name: web }\n'],
    ['a record that is none', '{"name": 1}'],
  ])('%s', async (name, text) => {
    const path = file(`bad/${name.includes('record') ? 'preview.json' : `${name}.yaml`}`, text);
    const run = await check(path);
    expect(run.code).toBe(2);
    expect(run.stdout).toContain(path);
    expect(run.stdout).not.toMatch(/\n\s+at /);
  });

  test('a missing path', async () => {
    expect(await check('nowhere')).toMatchObject({ code: 2, stdout: 'nowhere: no such file\n' });
  });
});

test('policies, cost and explain print what they are asked for', async () => {
  const policies = await inProcess(['policies', '--engine', 'vap', '--format', 'json'], cwd);
  expect(JSON.parse(policies.stdout).objects.length).toBeGreaterThan(30);
  const unknown = await inProcess(['policies', '--engine', 'opa'], cwd);
  expect(unknown).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('vap, kyverno, kyverno-legacy, gatekeeper'),
  });
  const preview = file('cost/preview.yaml', previewText('ttl: 8h'));
  const cost = await inProcess(
    ['cost', preview, '--platform', 'greenroom.yaml', '--repo', 'acme/shop', '--pr', '7'],
    cwd,
  );
  expect(cost.stdout).toContain('About $0.09 a day');
  const explain = await inProcess(['explain', 'allowed-registries'], cwd);
  expect(explain.stdout).toContain('kind: Exception');
  const fenced = await inProcess(['explain', 'no-host-path'], cwd);
  expect(fenced.stdout).toContain('No exception can lift it: the Pod Security label');
  const typo = await inProcess(['explain', 'no-host-paht'], cwd);
  expect(typo).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "no-host-path"') });
});

describe('check of what an API server would refuse', () => {
  const workload = (spec: string) =>
    `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
${spec.replace(/^/gm, '      ')}
`;
  const container = (lines: string) =>
    `containers:\n  - name: web\n    image: ghcr.io/acme/shop:v1\n${lines.replace(/^/gm, '    ')}`;

  test.each([
    [
      'two mounts at one path',
      `${container('volumeMounts:\n  - { name: a, mountPath: /data }\n  - { name: b, mountPath: /data }')}\nvolumes:\n  - { name: a, emptyDir: {} }\n  - { name: b, emptyDir: {} }`,
      /:14:\d+: .*volumeMounts\[1\]\.mountPath: is mounted twice in this container; found \/data$/m,
    ],
    [
      'a value beside its source',
      container('env:\n  - name: A\n    value: x\n    valueFrom: { fieldRef: { fieldPath: metadata.name } }'),
      /:15:\d+: .*env\[0\]\.valueFrom: cannot be used with value; keep one of the two$/m,
    ],
    [
      'two sources of one value',
      container('env:\n  - name: A\n    valueFrom: { fieldRef: { fieldPath: a }, secretKeyRef: { name: a, key: b } }'),
      /env\[0\]\.valueFrom: must contain one of .*; found fieldRef and secretKeyRef$/m,
    ],
    ['no containers', 'containers: []', /:9:\d+: .*spec\.containers: must contain at least one container$/m],
    ['no list of containers', 'restartPolicy: Always', /spec\.containers: must contain at least one container$/m],
  ])('%s', async (_, spec, expected) => {
    const { code, stdout } = await check(file('server/a.yaml', workload(spec)));
    expect(stdout).toMatch(expected);
    expect(code).toBe(2);
  });
});

test('check judges manifests as those of the pull request that it is given', async () => {
  const path = file('mine/a.yaml', CONFIG.replace('name: colours', 'name: colours\n  namespace: pr-shop-8'));
  const own = await check('mine', '--repo', 'acme/shop', '--pr', '8');
  expect([own.code, own.stdout]).toEqual([0, '']);
  const other = await check(path, '--repo', 'acme/shop', '--pr', '7');
  expect(other.stdout).toMatch(/metadata\.namespace: .*\[own-namespace\]$/m);
  expect(other.code).toBe(3);
});

describe('check of words that run', () => {
  const SERVICES = `services: { postgres: { image: "ghcr.io/acme/postgres@sha256:${'d'.repeat(64)}" } }`;
  const platform = () => file('words/greenroom.yaml', platformText(SERVICES));
  const words = (lines: string) => check(file('words/preview.yaml', previewText(lines)), '--platform', platform());

  test.each([
    ['command', 'command:\n    - sh\n    - -c\n    - PASSWORD=hunter2 run', 9],
    ['release', 'release:\n    - sh\n    - PASSWORD=hunter2', 8],
    ['seed', 'resources:\n    db:\n      type: postgres\n      seed:\n        - sh\n        - PASSWORD=hunter2', 11],
  ])('points at the word of %s', async (_, lines, line) => {
    const { stdout } = await words(lines);
    expect(stdout).toMatch(new RegExp(`preview\\.yaml:${line}:\\d+: .*\\[no-inline-secrets\\]`));
  });

  test('finds placeholders of a seed that there are not', async () => {
    const { code, stdout } = await words('resources: { db: { type: postgres, seed: [npm, "${hots}"] } }');
    expect(stdout).toMatch(
      /spec\.resources\.db\.seed\[1\]: has an unknown placeholder \$\{hots\}; did you mean \$\{host\}\?/,
    );
    expect(code).toBe(2);
  });
});
