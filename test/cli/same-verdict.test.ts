import { describe, expect, test } from 'vitest';
import { formatTime } from '../../lib/core/clock.ts';
import { BothSides } from '../support/both-sides.ts';
import type { TestFiles } from '../support/git.ts';
import { hostilePreviews } from '../support/hostile/previews.ts';
import { platformText, previewText } from '../support/inputs.ts';
import fc, { runs, some } from '../support/property.ts';

const PLATFORM = platformText(`
ttl: { max: 48h }
policies: { contact: "@platform", severities: { no-inline-secrets: warn } }
cost: { budgets: { perPreviewDay: 0.15 } }
clusters:
  - { name: big, server: "https://big.example.com", when: { labels: [big] } }
  - { name: rest, server: "https://rest.example.com", when: { sizes: [small, medium], templates: [web-service, static-site] } }
`);

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

/** Settings of platforms; each works with each. */
const SETTINGS = [
  'ingress: { kind: gateway }',
  'secrets: { mechanism: sealed-secrets }',
  'secrets: { mechanism: sops, sops: { plugin: true, recipients: [age1xwrmwg4sq7wczahqtlsh8a8crkr0cxxamv29538gycw5z3ez3smskdh9e3] } }',
  'secrets: { prefix: "teams/{repo}/" }',
  'policies: { severities: { no-dangling-references: "off", no-finalizers: warn, limit-request-ratio: warn } }',
  'policies: { contact: "@platform", parameters: { allowedKinds: { PersistentVolumeClaim: true, batch/CronJob: null } } }',
  'policies: { parameters: { allowedKinds: [ConfigMap], maxSize: { memory: 512Mi } } }',
  'namespace: { quota: { pods: "4", persistentvolumeclaims: "1", requests.storage: 2Gi } }',
  'namespace: { quota: { configmaps: "2", services: "1" } }',
  'ttl: { max: 4h }',
  'cost: { budgets: { perPreviewDay: 0.2 } }',
  'clusters: [{ name: big, server: "https://big.example.com", when: { labels: [big] } }, { name: rest, server: "https://rest.example.com", when: { sizes: [small], templates: [web-service, static-site, function, worker] } }]',
  'labels: { example.com/team: previews }',
  'env: { LOG_LEVEL: info }',
  'reconciler: argocd',
  'defaultSize: medium',
  'knative: true',
];

/** Lines of a preview.yaml that some platforms take and others do not. */
const LINES = [
  'size: medium',
  'size: large',
  'ttl: 8h',
  'port: 3000',
  'env: { DB_PASSWORD: hunter2hunter2 }',
  'env: { LOG_LEVEL: debug }',
  'secrets: { KEY: acme/shop/stripe }',
  'secrets: { KEY: teams/shop/stripe }',
  'resources: { db: { type: postgres } }',
  'apps: { api: { template: web-service, image: ghcr.io/acme/api, path: /api } }',
  'writable: [/var/cache]',
];

const meta = (name: string) => `metadata: { name: ${name} }`;
/** Objects of a maker's that some platforms take and others do not. */
const OBJECTS: Readonly<Record<string, string>> = {
  config: config('colours'),
  shared: config('shop-7'),
  held: `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: held, finalizers: [example.com/hold] }\n`,
  claim: `apiVersion: v1\nkind: PersistentVolumeClaim\n${meta('data')}\nspec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 4Gi } } }\n`,
  cron: `apiVersion: batch/v1\nkind: CronJob\n${meta('tidy')}\nspec: { schedule: "@daily", jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: tidy, image: "ghcr.io/acme/shop" }] } } } } }\n`,
  service: `apiVersion: v1\nkind: Service\n${meta('web')}\nspec: { type: NodePort, ports: [{ port: 80 }] }\n`,
  ingress: `apiVersion: networking.k8s.io/v1\nkind: Ingress\n${meta('web')}\nspec: { rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] }\n`,
  beta: `apiVersion: networking.k8s.io/v1beta1\nkind: Ingress\n${meta('old')}\nspec: {}\n`,
  scaler: `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n${meta('web')}\nspec: { maxReplicas: 30, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: nobody } }\n`,
  hook: `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: hook, annotations: { argocd.argoproj.io/hook: PreSync } }\n`,
  placeholder: `apiVersion: v1\nkind: ConfigMap\n${meta('url')}\ndata: { url: "\${url}", none: "\${nothing}" }\n`,
  list: `apiVersion: v1\nkind: List\nitems: []\n`,
};

const EXCEPTION = `apiVersion: greenroom.dev/v1alpha1
kind: Exception
metadata: { name: shop }
spec:
  rules: [no-inline-secrets, no-finalizers]
  repository: acme/shop
  reason: to see that both honour it
  approver: "@alice"
  until: ${formatTime(Math.floor(Date.now() / 1000) + 86_400)}
`;

/** Adds a label of its own to each preview, and a rule. */
const EXTENSION = `export default ({ preview }) => preview.addLabel('team', 'previews');
export const rules = [{
  id: 'acme-no-web', title: 'No web', message: 'A Service may not be called web: rename it, or ask {contact}.',
  source: 'acme', why: 'To see that both judge by it.', match: [{ group: '', kind: 'Service', resource: 'services' }],
  conditions: [{ cel: 'object.metadata.name != "web"', field: 'metadata.name' }],
  examples: { good: 'apiVersion: v1\\nkind: Service\\nmetadata: { name: shop }\\n', bad: 'apiVersion: v1\\nkind: Service\\nmetadata: { name: web }\\n' },
}];
`;

describe('check says of a preview.yaml what sync says', () => {
  test('of every bad line, and of files that are something else', async () => {
    const both = new BothSides({ 'greenroom.yaml': PLATFORM });
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
    const both = new BothSides({ 'greenroom.yaml': PLATFORM });
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
    const both = new BothSides({ 'greenroom.yaml': PLATFORM });
    for (const { name, bytes } of some(hostilePreviews())) {
      const { sync, check } = await both.verdicts({ 'preview.yaml': Buffer.from(bytes) });
      expect(check, name).toEqual(sync);
    }
  }, 300_000);

  test('of what a repository can hold and a folder too: links, odd names, too many files', async () => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`deploy/${i}.yaml`, config(`c${i}`)]));
    const both = new BothSides({ 'greenroom.yaml': PLATFORM });
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

  test('on any platform: its settings, rules, exceptions and extensions count for both', async () => {
    const settings = fc.uniqueArray(fc.constantFrom(...SETTINGS), {
      maxLength: 5,
      selector: (line) => line.split(':')[0],
    });
    const file = fc.tuple(
      fc.uniqueArray(fc.constantFrom(...LINES), { maxLength: 4, selector: (line) => line.split(':')[0] }),
      fc.uniqueArray(fc.constantFrom(...Object.keys(OBJECTS)), { maxLength: 4 }),
      fc.subarray(['big', 'other']),
    );
    const codes = new Set<unknown>();
    const platforms = fc.tuple(settings, fc.boolean(), fc.boolean(), fc.array(file, { minLength: 3, maxLength: 3 }));
    await fc.assert(
      fc.asyncProperty(platforms, async ([lines, excepted, extended, files]) => {
        const named = extended ? '\nextensions: [extensions/acme.mjs]' : '';
        const both = new BothSides({
          'greenroom.yaml': platformText(`${lines.join('\n')}${named}`),
          ...(excepted && { 'exceptions/shop.yaml': EXCEPTION }),
          ...(extended && { 'extensions/acme.mjs': EXTENSION }),
        });
        for (const [own, objects, labels] of files) {
          const preview = previewText([...own, 'manifests: k8s'].join('\n'));
          const texts = Object.fromEntries(objects.map((name) => [`k8s/${name}.yaml`, OBJECTS[name]!]));
          const pushed = { 'k8s/notes.md': 'not a manifest', ...texts, 'preview.yaml': preview };
          const { sync, check } = await both.verdicts(pushed, labels);
          expect(check).toEqual(sync);
          codes.add((check as { code: unknown }).code);
        }
      }),
      { numRuns: runs(40) },
    );
    expect([...codes].sort()).toEqual([0, 2, 3]);
  }, 300_000);
});
