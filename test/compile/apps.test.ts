import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import { GreenroomError } from '../../lib/core/errors.ts';
import { compileInput, manifests, OPENED, platform, previewText } from '../support/inputs.ts';

const compile = (text: string, settings = '', overrides = {}) =>
  createCompiler({ platform: platform(settings), now: OPENED })(compileInput(text, overrides));

/** The objects of a preview by `kind.name`. */
function objects(text: string, settings = '', overrides = {}) {
  const { files, folder, denied, findings } = compile(text, settings, overrides);
  expect([denied, findings.filter((f) => f.severity === 'deny')]).toEqual([false, []]);
  const yaml = [...files].filter(([path]) => path.endsWith('.yaml'));
  return Object.fromEntries(yaml.map(([path, content]) => [path.slice(folder.length + 1), parse(content)]));
}

const container = (object: { spec: { template: { spec: { containers: object[] } } } }) =>
  object.spec.template.spec.containers[0] as Record<string, unknown> & { env: { name: string; value: string }[] };
const env = (object: Parameters<typeof container>[0]) =>
  Object.fromEntries(container(object).env.map(({ name, value }) => [name, value]));

function problems(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (error instanceof GreenroomError && error.code === 'invalid-input') return error.problems;
    throw error;
  }
  throw new Error('nothing was refused');
}

const THREE = previewText(`
env: { PUBLIC_URL: "\${url}/home", LITERAL: "$\${url}" }
apps:
  api: { template: web-service, image: ghcr.io/acme/shop-api, port: 9000, path: /api, args: ["--base=\${url}/api"] }
  mail-er: { template: worker, image: ghcr.io/acme/shop, command: [node, worker.js] }
  inside: { template: web-service, image: ghcr.io/acme/inside }`);

describe('several apps of one preview', () => {
  test('are workloads of their own in one namespace, each reached as it says', () => {
    const all = objects(THREE);
    expect(Object.keys(all).filter((path) => path.startsWith('app/'))).toEqual([
      'app/deployment.pr-shop-7-api.yaml',
      'app/deployment.pr-shop-7-inside.yaml',
      'app/deployment.pr-shop-7-mail-er.yaml',
      'app/deployment.pr-shop-7.yaml',
      'app/ingress.pr-shop-7-api.yaml',
      'app/ingress.pr-shop-7.yaml',
      'app/service.pr-shop-7-api.yaml',
      'app/service.pr-shop-7-inside.yaml',
      'app/service.pr-shop-7.yaml',
    ]);
    const [rule] = all['app/ingress.pr-shop-7-api.yaml'].spec.rules;
    expect([rule.host, rule.http.paths[0].path]).toEqual(['pr-shop-7.apps.example.com', '/api']);
    // No selector takes the pods of another app.
    const selectors = Object.entries(all).flatMap(([path, { spec }]) =>
      path.startsWith('app/service') ? [spec.selector] : [],
    );
    const labels = Object.values(all).flatMap(({ kind, spec }) =>
      kind === 'Deployment' ? [spec.template.metadata.labels] : [],
    );
    for (const selector of selectors) {
      const taken = labels.filter((l) => Object.entries(selector).every(([key, value]) => l[key] === value));
      expect(taken).toHaveLength(1);
    }
    // The ingress controller reaches the ports of the apps, and no others.
    const [open] = all['fence/networkpolicy.allow-ingress.yaml'].spec.ingress;
    expect(open.ports).toEqual([8080, 9000].map((port) => ({ protocol: 'TCP', port })));
  });

  test('know their own address and how to reach each other', () => {
    const all = objects(THREE);
    const url = 'https://pr-shop-7.apps.example.com';
    expect(env(all['app/deployment.pr-shop-7.yaml'])).toEqual({
      API_URL: 'http://pr-shop-7-api',
      INSIDE_URL: 'http://pr-shop-7-inside',
      LITERAL: '${url}',
      PORT: '8080',
      PREVIEW_URL: url,
      PUBLIC_URL: `${url}/home`,
    });
    expect(env(all['app/deployment.pr-shop-7-mail-er.yaml'])).toEqual({
      API_URL: 'http://pr-shop-7-api',
      INSIDE_URL: 'http://pr-shop-7-inside',
      MAIN_URL: 'http://pr-shop-7',
      PREVIEW_URL: url,
    });
    expect(container(all['app/deployment.pr-shop-7-api.yaml'])['args']).toEqual([`--base=${url}/api`]);
    // One image for two apps: one tag.
    expect(container(all['app/deployment.pr-shop-7-mail-er.yaml'])).toMatchObject({
      image: 'ghcr.io/acme/shop:pr-7-a1b2c3d',
      command: ['node', 'worker.js'],
    });
  });

  test('a variable that the maker sets stays as it is set', () => {
    const text = previewText(
      'env: { PREVIEW_URL: mine }\nsecrets: { API_URL: acme/shop/api }\napps: { api: { template: web-service, image: ghcr.io/acme/a } }',
    );
    const variables = container(objects(text)['app/deployment.pr-shop-7.yaml']).env;
    expect(variables.filter(({ name }) => name === 'PREVIEW_URL')).toEqual([{ name: 'PREVIEW_URL', value: 'mine' }]);
    expect(variables.filter(({ name }) => name === 'API_URL')).toEqual([
      { name: 'API_URL', valueFrom: { secretKeyRef: { name: 'pr-shop-7', key: 'API_URL' } } },
    ]);
  });

  test('the digest of every image is taken, and remembered', () => {
    const digests = new Map([
      ['ghcr.io/acme/shop:pr-7-a1b2c3d', `sha256:${'1'.repeat(64)}`],
      ['ghcr.io/acme/api:pr-7-a1b2c3d', `sha256:${'2'.repeat(64)}`],
    ]);
    const text = previewText('apps: { api: { template: web-service, image: ghcr.io/acme/api } }');
    const { files, record } = compile(text, '', { digests });
    expect([...files.values()].join('')).toContain(`ghcr.io/acme/api@sha256:${'2'.repeat(64)}`);
    expect([record.imageDigest, record.images]).toEqual([
      `sha256:${'1'.repeat(64)}`,
      Object.fromEntries([...digests].sort()),
    ]);
    expect(compile(previewText(), '', { digests }).record.images).toBeUndefined();
  });

  test('more than the quota is refused at the app that asks for most', () => {
    const big = (name: string, size: string) => `  ${name}: { template: worker, image: ghcr.io/acme/x, size: ${size} }`;
    const text = previewText(`apps:\n${big('a', 'large')}\n${big('b', 'small')}`);
    const [problem] = problems(() => compile(text, 'namespace: { quota: { limits.memory: 2Gi } }'));
    expect(problem).toMatchObject({ line: 7, field: 'spec.apps.a.size' });
    expect(problem!.message).toMatch(
      /needs 6000m of limits\.cpu.*Choose a smaller size for a, which asks for most, or ask/,
    );
  });

  test('so many apps that no size would do are one sentence', () => {
    const lines = [...Array(19).keys()].map(
      (i) => `  w${i}: { template: worker, image: ghcr.io/acme/shop, command: [w, "${i}"] }`,
    );
    const found = problems(() => compile(previewText(`apps:\n${lines.join('\n')}`)));
    expect(found).toMatchObject([{ line: 7, field: 'spec.apps' }]);
    expect(found[0]!.message).toMatch(/^needs 40 pods at its peak.*Leave out an app or ask/);
  });

  test('more objects than the quota allows are refused where the apps are listed', () => {
    const lines = 'abcde'.split('').map((name) => `  ${name}: { template: web-service, image: ghcr.io/acme/x }`);
    const quota = 'namespace: { quota: { limits.cpu: "20", limits.memory: 16Gi, pods: "50" } }';
    const found = problems(() => compile(previewText(`apps:\n${lines.join('\n')}`), quota));
    expect(found).toMatchObject([{ line: 7, field: 'spec.apps' }]);
    expect(found[0]!.message).toMatch(/needs 6 Services at its peak.*Leave out an app or ask/);
  });

  test.each([
    ['health: { path: /up, host: "${url}" }', /^6:\d+ spec\.health\.host: must be a host name, such as \$\{host\}/],
    ['health: { path: /up, host: "a/b" }', /^6:\d+ spec\.health\.host: must be a host name.*found "a\/b"/],
    [
      'apps: { api: { template: web-service, image: ghcr.io/acme/x, health: { path: /up, host: "${repository}" } } }',
      /^6:\d+ spec\.apps\.api\.health\.host: must be a host name/,
    ],
    [
      'secrets: { A: acme/shop/a/key, B: acme/shop/b/key }',
      /^6:\d+ spec\.secrets\.B: must end in another key: two references may not share their last part here/,
    ],
  ])('%j is refused at its place', (extra, sentence) => {
    const settings = 'secrets: { mechanism: sealed-secrets }';
    const found = problems(() => compile(previewText(extra), settings));
    expect(found.map((p) => `${p.line}:${p.column} ${p.field}: ${p.message}`)).toEqual([
      expect.stringMatching(sentence),
    ]);
  });

  test('names that no Service can have are refused, with the length that is left', () => {
    const name = 'x'.repeat(40);
    const text = previewText(`apps: { ${name}: { template: worker, image: ghcr.io/acme/x } }`);
    const identity = { repositoryId: 42, owner: 'acme', repository: 'a-shop-with-a-long-name', number: 7 };
    const [problem] = problems(() => compile(text, '', { identity }));
    expect(problem).toMatchObject({ field: `spec.apps.${name}` });
    expect(problem!.message).toMatch(
      /longer than the 63 characters of a Service's name; give the app a name of at most 34 characters/,
    );
  });

  test('findings point to the app that caused them', () => {
    const text = previewText('apps:\n  api: { template: worker, image: docker.io/library/nginx }');
    const { findings } = compile(text);
    expect(findings).toMatchObject([{ rule: 'allowed-registries', line: 7, column: 37 }]);
  });

  test('a cluster has to take all of them', () => {
    const clusters = `clusters:
- { name: little, server: "https://l.example.com", when: { sizes: [small] } }
- { name: rest, server: "https://r.example.com", when: { sizes: [small, large] } }`;
    const text = previewText('apps: { a: { template: worker, image: ghcr.io/acme/x, size: large } }');
    expect([compile(previewText(), clusters).cluster, compile(text, clusters).cluster]).toEqual(['little', 'rest']);
  });
});

describe('where people enter', () => {
  test('a base path is part of the URL', () => {
    const { url, record } = compile(previewText('path: /docs\nenv: { A: "${url}" }'));
    expect([url, record.url]).toEqual(Array(2).fill('https://pr-shop-7.apps.example.com/docs'));
  });

  test('a preview of workers alone has no URL, and a placeholder of it is refused', () => {
    const worker = (extra = '') => previewText(extra).replace('web-service', 'worker');
    const all = objects(worker());
    expect(Object.keys(all).filter((path) => path.startsWith('app/'))).toEqual(['app/deployment.pr-shop-7.yaml']);
    expect(all['fence/networkpolicy.allow-ingress.yaml'].spec).not.toHaveProperty('ingress.0');
    expect(compile(worker()).url).toBeNull();
    expect(problems(() => compile(worker('env: { A: "${url}" }')))).toMatchObject([
      { line: 6, field: 'spec.env.A', message: expect.stringContaining('${url} has no value here') },
    ]);
    const beside = worker('apps: { web: { template: web-service, image: ghcr.io/acme/web, path: / } }');
    expect(compile(beside).url).toBe('https://pr-shop-7.apps.example.com');
  });

  test('a function that shares its host, or has a step before its start, is no Knative Service', () => {
    const kinds = (extra: string) => {
      const all = objects(previewText(extra).replace('web-service', 'function'), 'knative: true');
      return Object.keys(all)
        .filter((path) => path.startsWith('app/'))
        .map((path) => path.split('.')[0]!.slice(4));
    };
    expect(kinds('')).toEqual(['domainmapping', 'service']);
    for (const extra of [
      'release: [migrate]',
      'path: /fn',
      'apps: { b: { template: web-service, image: ghcr.io/acme/b, path: /b } }',
    ]) {
      expect(kinds(extra), extra).not.toContain('domainmapping');
    }
  });
});

describe("the maker's own manifests follow the pull request", () => {
  const with_ = (files: Record<string, string>, extra = '') =>
    [previewText(`manifests: k8s\n${extra}`), '', { manifests: manifests(files) }] as const;
  const deployment = (image: string) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: worker }
spec:
  selector: { matchLabels: { app: worker } }
  template:
    metadata: { labels: { app: worker } }
    spec:
      automountServiceAccountToken: false
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: worker
          image: ${image}
          args: ["--at=\${url}", "--keep=$\${url}"]
          ports: [{ name: metrics, containerPort: 9102 }]
          resources: { limits: { cpu: 100m, memory: 64Mi }, requests: { cpu: 50m, memory: 32Mi } }
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
`;

  test('placeholders, images and hosts become those of the preview', () => {
    const all = objects(
      ...with_(
        {
          'k8s/a.yaml': deployment('ghcr.io/acme/api'),
          'k8s/b.yaml':
            'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: "${name}-own" }\nspec:\n  rules:\n    - http: { paths: [{ path: /own, pathType: Prefix, backend: { service: { name: own, port: { number: 80 } } } }] }\n',
          'k8s/c.yaml':
            'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: r }\nspec:\n  rules: [{ backendRefs: [{ name: own, port: 80 }] }]\n',
          'k8s/f.yaml':
            'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: named }\nspec:\n  parentRefs: [{ name: previews, namespace: ingress-nginx }]\n  hostnames: ["${host}"]\n  rules: [{ backendRefs: [{ name: own, port: 80 }] }]\n',
          'k8s/d.yaml':
            'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata: { count: "${number}", r: "${repository}@${sha}" }\n',
          'k8s/e.yaml':
            'apiVersion: v1\nkind: Service\nmetadata: { name: own }\nspec: { selector: { app: worker }, ports: [{ port: 80, targetPort: metrics }] }\n',
        },
        'apps: { api: { template: web-service, image: ghcr.io/acme/api } }',
      ),
    );
    expect(container(all['app/deployment.worker.yaml'])).toMatchObject({
      image: 'ghcr.io/acme/api:pr-7-a1b2c3d',
      args: ['--at=https://pr-shop-7.apps.example.com', '--keep=${url}'],
    });
    const ingress = all['app/ingress.pr-shop-7-own.yaml'].spec;
    expect([ingress.rules[0].host, ingress.ingressClassName, ingress.tls]).toEqual([
      'pr-shop-7.apps.example.com',
      'nginx',
      [{ hosts: ['pr-shop-7.apps.example.com'] }],
    ]);
    expect(all['app/httproute.r.yaml'].spec).toMatchObject({
      hostnames: ['pr-shop-7.apps.example.com'],
      parentRefs: [{ name: 'previews', namespace: 'ingress-nginx', sectionName: 'https' }],
    });
    expect(all['app/httproute.named.yaml'].spec.parentRefs).toEqual([
      { name: 'previews', namespace: 'ingress-nginx', sectionName: 'https' },
    ]);
    expect(all['app/configmap.c.yaml'].data).toEqual({ count: '7', r: `acme/shop@${'a1b2c3d'.padEnd(40, '0')}` });
    const [open] = all['fence/networkpolicy.allow-ingress.yaml'].spec.ingress;
    expect(open.ports.map(({ port }: { port: number }) => port)).toEqual([8080, 9102]);
  });

  test.each([
    [
      'an unknown placeholder',
      'data: { a: "${ulr}" }',
      /data\.a: has an unknown placeholder \$\{ulr\}; did you mean \$\{url\}\?/,
    ],
    ['a placeholder as a key', 'data: { "${name}": a }', /is a key, and keys take no placeholders/],
  ])('%s is refused at its line', (_, line, sentence) => {
    const file = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\n${line}\n`;
    const run = () => compile(...with_({ 'k8s/c.yaml': file }));
    expect(run).toThrow(sentence);
    expect(problems(run)).toMatchObject([{ file: 'k8s/c.yaml', line: 4 }]);
  });

  test.each([
    [
      'a label that is an address',
      'ConfigMap',
      'name: c, labels: { at: "${url}" }',
      /metadata\.labels\.at: must be at most 63/,
    ],
    [
      'a key of a label',
      'ConfigMap',
      'name: c, labels: { "a b": c }',
      /is not a key of labels, such as example\.com\/team/,
    ],
    [
      'a number as an annotation',
      'ConfigMap',
      'name: c, annotations: { a: 1 }',
      /metadata\.annotations\.a: must be text/,
    ],
    [
      'a name that no Service can have',
      'Service',
      'name: 1st',
      /metadata\.name: must be at most 63 lower-case letters/,
    ],
  ])('%s, which no API server takes, is refused at its place', (_, kind, metadata, sentence) => {
    const file = `apiVersion: v1\nkind: ${kind}\nmetadata: { ${metadata} }\n`;
    const run = () => compile(...with_({ 'k8s/c.yaml': file }));
    expect(run).toThrow(sentence);
    expect(problems(run)).toMatchObject([{ file: 'k8s/c.yaml', line: 3 }]);
  });

  test('a label of a pod as well', () => {
    const text = deployment('ghcr.io/acme/shop').replace(
      'labels: { app: worker }',
      'labels: { app: worker, at: "${url}" }',
    );
    expect(() => compile(...with_({ 'k8s/a.yaml': text }))).toThrow(
      /spec\.template\.metadata\.labels\.at: must be at most 63/,
    );
  });

  test('a placeholder that would say what an object is is refused', () => {
    const file = 'apiVersion: v1\nkind: "${name}"\nmetadata: { name: c }\n';
    expect(() => compile(...with_({ 'k8s/c.yaml': file }))).toThrow(/2:7: kind: must not contain placeholders/);
  });

  test('an image without a tag that belongs to no app is refused at its line, with what it could be', () => {
    expect(() => compile(...with_({ 'k8s/a.yaml': deployment('ghcr.io/acme/other') }))).toThrow(
      /^k8s\/a\.yaml:13:18: spec\.template\.spec\.containers\[0\]\.image: has no tag.*ghcr\.io\/acme\/shop for the image of this pull request/,
    );
  });

  test.each([
    ['kustomization.yaml', 'resources: [a.yaml]\n', /kustomize build/],
    ['Chart.yaml', 'apiVersion: v2\nname: shop\nversion: 1.0.0\n', /helm template/],
    ['values.yaml', 'image: x\nreplicas: 2\n', /helm template/],
    [
      'deployment.yaml',
      'apiVersion: v1\nkind: X\nmetadata: { name: {{ .Values.name }} }\n',
      /template of a Helm chart/,
    ],
    ['docker-compose.yml', 'services:\n  web: { image: x }\n  db: { image: y }\n', /greenroom import compose/],
    ['Chart.yml', 'apiVersion: v2\nname: shop\nversion: 1.0.0\n', /helm template/],
    ['values-prod.yaml', 'image: x\nreplicas: 2\n', /helm template/],
    ['patches.yaml', 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n', /kustomize build/],
    ['dev.yaml', 'apiVersion: skaffold/v4beta6\nkind: Config\n', /a file for another tool/],
    ['stack.json', '{ "AWSTemplateFormatVersion": "2010-09-09" }', /is not a Kubernetes object: it needs apiVersion/],
    ['site.yml', '- hosts: all\n', /is not a Kubernetes object/],
    ['stack.yml', 'services:\n  web: { image: x }\n', /greenroom import compose/],
  ])('%s is one sentence, not one for each thing that it lacks', (name, text, sentence) => {
    const found = problems(() => compile(...with_({ [`k8s/${name}`]: text })));
    expect(found).toHaveLength(1);
    expect(found[0]!.message).toMatch(sentence);
  });
});
