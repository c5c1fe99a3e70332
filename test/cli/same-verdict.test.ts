import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inProcess } from '../support/command.ts';
import { type TestFiles, tempFolder } from '../support/git.ts';
import { hostilePreviews } from '../support/hostile/previews.ts';
import { platformText, previewText } from '../support/inputs.ts';
import fc, { runs, some } from '../support/property.ts';
import { World } from '../support/world.ts';

// The command reads the real clock: pull requests are opened now.
const NOW = Math.floor(Date.now() / 1000) - 60;
const PLATFORM = platformText(`
ttl: { max: 48h }
policies: { contact: "@platform", severities: { no-inline-secrets: warn } }
cost: { budgets: { perPreviewDay: 0.15 } }
clusters:
  - { name: big, server: "https://big.example.com", when: { labels: [big] } }
  - { name: rest, server: "https://rest.example.com", when: { sizes: [small, medium], templates: [web-service, static-site] } }
`);

/** One pull request after another in one repository, and the same files in a folder. */
class Both {
  readonly world = new World(PLATFORM);
  #number = 0;
  #pushed: string[] = [];

  /** What both say: the exit code, and all sentences with their places. */
  async verdicts(files: TestFiles): Promise<{ sync: unknown; check: unknown }> {
    const number = String(++this.#number);
    const gone = Object.fromEntries(this.#pushed.map((path) => [path, null]));
    const sha = this.world.push('shop', { ...gone, ...files }, NOW);
    this.#pushed = Object.keys(files);
    this.world.pull('shop', this.#number, { createdAt: NOW, updatedAt: NOW });
    const sides = ['--apps-repo', this.world.appsRepo, '--format', 'json'];
    const of = ['--repo', 'acme/shop', '--pr', number];
    const sync = await inProcess(['sync', '--forge', this.world.forge, '--dry-run', ...of, ...sides]);
    const check = await inProcess(['check', 'preview.yaml', ...of, '--sha', sha, ...sides], inFolder(files));
    const { state } = JSON.parse(sync.stdout);
    const said = JSON.parse(check.stdout);
    return {
      sync: { code: sync.code, problems: state.problems ?? [], findings: state.findings ?? [] },
      check: { code: check.code, problems: said.problems, findings: said.findings },
    };
  }
}

function inFolder(files: TestFiles): string {
  const folder = tempFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    if (typeof content === 'string' || Buffer.isBuffer(content)) writeFileSync(join(folder, path), content);
    else if (content !== null) symlinkSync(content.content, join(folder, path));
  }
  return folder;
}

const BAD_LINES = [
  'size: huge',
  'size: constructor',
  'size: large',
  'ttl: 72h',
  'ttl: 8',
  'ttl: 0h',
  'image2: x',
  'env: { STRIPE_KEY: "sk_live_4eC39HqLyjWDarjtT1zdp7dc" }',
  'env: { PORT: "1" }',
  'secrets: { KEY: other/shop/stripe }',
  'secrets: { KEY: acme/shop/../x }',
  'secrets: { KEY: "sk_live_4eC39HqLyjWDarjtT1zdp7dc" }',
  'port: 80',
  'health: healthz',
  'manifests: nowhere',
  'manifests: preview.yaml',
  'manifests: ../x',
  'manifests: .git',
];
const GOOD_LINES = [
  '',
  'size: medium',
  'ttl: 8h',
  'env: { LOG_LEVEL: debug }',
  'secrets: { KEY: acme/shop/stripe }',
  'port: 3000',
  'health: /healthz',
  'manifests: deploy',
  'manifests: broken',
];
const IMAGES = [
  'ghcr.io/acme/shop',
  'ghcr.io/acme/shop:v1',
  'ghcr.io/acme/Shop',
  'ghcr.io/acme-evil/shop',
  'nginx',
  'docker.io/library/nginx:latest',
  `ghcr.io/acme/shop@sha256:${'a'.repeat(64)}`,
  'ghcr.io/acme/shop@sha256:abc',
  '"ghcr.io/acme/shop:${{ github.sha }}"',
];
const config = (name: string, more = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { a: b }\n${more}`;
const MANIFESTS: TestFiles = {
  'deploy/config.yaml': config('colours'),
  'deploy/notes.txt': 'not YAML: [',
  'deploy/service.yaml':
    'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { type: LoadBalancer, ports: [{ port: 80 }] }\n',
  'broken/a.yaml': 'a: [\n',
  'broken/b.yaml': config('Not_A_Name'),
};

describe('check says of a preview.yaml what sync says', () => {
  test('of every bad line, and of files that are something else', async () => {
    const both = new Both();
    const texts = [
      ...BAD_LINES.map((line) => previewText(line)),
      ...IMAGES.map((image) => previewText('', image)),
      '',
      '\n# nothing\n',
      'null',
      '[]',
      config('colours'),
      'services: { web: { image: nginx } }\n',
      previewText().replace('kind: Preview', 'kind: Platform'),
      previewText().replace('v1alpha1', 'v1'),
      `${previewText()}---\n${previewText()}`,
      previewText().replace('template: web-service', 'template: function'),
    ];
    for (const text of texts) {
      const { sync, check } = await both.verdicts({ ...MANIFESTS, 'preview.yaml': text });
      expect(check, text).toEqual(sync);
    }
  });

  test('of any mix of good and bad lines', async () => {
    const both = new Both();
    const line = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...GOOD_LINES) }, fc.constantFrom(...BAD_LINES));
    const file = fc.tuple(fc.uniqueArray(line, { maxLength: 4 }), fc.constantFrom(...IMAGES), fc.boolean());
    const codes = new Set<unknown>();
    await fc.assert(
      fc.asyncProperty(file, async ([lines, image, bare]) => {
        const text = previewText(lines.filter(Boolean).join('\n'), image);
        const { sync, check } = await both.verdicts({ ...(bare ? {} : MANIFESTS), 'preview.yaml': text });
        expect(check).toEqual(sync);
        codes.add((check as { code: unknown }).code);
      }),
      {
        numRuns: runs(60),
        examples: [
          [[[], IMAGES[0]!, true]],
          [[['size: huge'], IMAGES[0]!, true]],
          [[['manifests: deploy'], IMAGES[0]!, false]],
        ],
      },
    );
    expect([...codes].sort()).toEqual([0, 2, 3]);
  }, 300_000);

  test('of every file of the hostile corpus', async () => {
    const both = new Both();
    for (const { name, bytes } of some(hostilePreviews())) {
      const { sync, check } = await both.verdicts({ 'preview.yaml': Buffer.from(bytes) });
      expect(check, name).toEqual(sync);
    }
  }, 300_000);

  test('of what a repository can hold and a folder too: links, odd names, too many files', async () => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`deploy/${i}.yaml`, config(`c${i}`)]));
    const both = new Both();
    for (const files of [
      many,
      { 'deploy/big.yaml': `a: ${'x'.repeat(1024 * 1024)}\n` },
      { 'deploy/latin.yaml': Buffer.from([0xe9, 0x0a]) },
      {
        'deploy/sub/deep/a.yml': config('deep'),
        'deploy/b.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"j"}}',
      },
      { 'deploy/a\u202eb.yaml': config('odd') },
      { 'deploy/a.yaml': { mode: '120000', content: '../preview.yaml' } },
      { deploy: { mode: '120000', content: '.' } },
    ] as TestFiles[]) {
      const { sync, check } = await both.verdicts({ ...files, 'preview.yaml': previewText('manifests: deploy') });
      expect(check, Object.keys(files)[0]!).toEqual(sync);
    }
  });
});
