import { describe, expect, test } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import type { CompileInput } from '../../lib/compile/compiler.ts';
import { GreenroomError } from '../../lib/core/errors.ts';
import { checkFile, createCheckers } from '../../lib/verify/check-file.ts';
import { compileInput, manifests, OPENED, platform, previewText } from '../support/inputs.ts';
import fc, { runs } from '../support/property.ts';

const compile = (text?: string, extra = '', overrides = {}) =>
  createCompiler({ platform: platform(extra), now: OPENED })(compileInput(text, overrides));

function problemsOf(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (error instanceof GreenroomError && error.code === 'invalid-input') return error.problems;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('files', () => {
  test('one folder a preview, one object a file, named by kind and name', () => {
    const { files, folder } = compile();
    expect(folder).toBe('previews/main/shop/pr-shop-7');
    for (const [path, text] of files) {
      expect(path.startsWith(`${folder}/`)).toBe(true);
      if (path.endsWith('preview.json')) continue;
      const object = parse(text);
      expect(path).toMatch(/\/(fence|app)\/[a-z]+\.[a-z0-9.-]+\.yaml$/);
      expect(path.split('/').at(-1)).toBe(`${object.kind.toLowerCase()}.${object.metadata.name}.yaml`);
    }
  });

  test('each begins with one comment: what made it, from what, and that edits are refused', () => {
    const text = previewText('manifests: extra');
    const own = manifests({ 'extra.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: extra }\ndata: {}\n' });
    const { files, folder } = compile(text, '', { manifests: own });
    const made = (path: string) => files.get(`${folder}/${path}`)!.split('\n')[0];
    const from = (source: string) => `# Made by greenroom from ${source}. Edits are refused.`;
    expect(made('fence/namespace.pr-shop-7.yaml')).toBe(from('greenroom.yaml for acme/shop#7'));
    expect(made('app/deployment.pr-shop-7.yaml')).toBe(from('preview.yaml of acme/shop#7'));
    expect(made('app/configmap.extra.yaml')).toBe(from('manifests of acme/shop#7'));
    for (const [path, content] of files) {
      if (path.endsWith('.yaml')) expect(content.match(/^#/gm), path).toHaveLength(1);
    }
  });

  test('namespace and workload say where they come from; no text of a maker becomes a key', () => {
    const author = 'x: {}\n# "mia"';
    const { files, folder } = compile(undefined, '', {
      author,
      pullRequestUrl: 'https://git.example.com/acme/shop/pull/7',
    });
    const read = (path: string) => parse(files.get(`${folder}/${path}`)!);
    const deployment = read('app/deployment.pr-shop-7.yaml');
    for (const object of [read('fence/namespace.pr-shop-7.yaml'), deployment]) {
      expect(object.metadata.annotations).toMatchObject({
        'greenroom.dev/repository': 'acme/shop',
        'greenroom.dev/pull-request': 'https://git.example.com/acme/shop/pull/7',
        'greenroom.dev/commit': 'a1b2c3d'.padEnd(40, '0'),
        'greenroom.dev/author': author,
      });
    }
    expect(deployment.metadata.labels['app.kubernetes.io/version']).toBe('a1b2c3d00000');
    // Pods are restarted by a new image, not by a new commit.
    expect(JSON.stringify(deployment.spec)).not.toContain('a1b2c3d0');
  });

  test('labels follow Kubernetes: the app, the preview it is an instance of, and what it is a part of', () => {
    const { files } = compile();
    for (const [path, content] of files) {
      if (!path.endsWith('.yaml')) continue;
      expect(parse(content).metadata.labels, path).toMatchObject({
        'app.kubernetes.io/name': path.includes('/fence/') ? 'fence' : 'shop',
        'app.kubernetes.io/instance': 'pr-shop-7',
        'app.kubernetes.io/part-of': 'shop',
        'app.kubernetes.io/managed-by': 'greenroom',
      });
    }
  });

  test('for Flux, a third folder holds what applies the other two, and the rules take no offence', () => {
    const extra = 'reconciler: flux\npolicies: { engines: [kyverno] }';
    const { files, folder } = compile(undefined, extra);
    const flux = [...files.keys()].filter((path) => path.startsWith(`${folder}/flux/`));
    expect(flux.map((path) => path.split('/').at(-1))).toEqual([
      'kustomization.pr-shop-7-fence.yaml',
      'kustomization.pr-shop-7.yaml',
    ]);
    for (const [path, part] of [
      [flux[0], 'fence'],
      [flux[1], 'app'],
    ] as const) {
      expect(parse(files.get(path as string) as string).spec.path).toBe(`./${folder}/${part}`);
    }
    const checkers = createCheckers(platform(extra));
    for (const [path, text] of files) {
      expect(checkFile(checkers, new TextEncoder().encode(text), path).findings, path).toEqual([]);
    }
  });

  test('changing the image changes one line of one file, and preview.json', () => {
    const before = compile(previewText('', 'ghcr.io/acme/shop:a')).files;
    const after = compile(previewText('', 'ghcr.io/acme/shop:b')).files;
    const changed = [...after].filter(([path, text]) => before.get(path) !== text).map(([path]) => path);
    expect(changed.map((path) => path.split('/').at(-1))).toEqual(['deployment.pr-shop-7.yaml', 'preview.json']);
    const lines = (text: string) => text.split('\n');
    const deployment = changed[0]!;
    const old = lines(before.get(deployment)!);
    expect(lines(after.get(deployment)!).filter((line, i) => line !== old[i])).toHaveLength(1);
  });

  test('any value of a setting reaches the container as it was written', () => {
    const value = fc
      .string({ unit: 'grapheme', maxLength: 40 })
      .filter((s) => !/[\p{C}\p{Default_Ignorable_Code_Point}\u2028\u2029]/u.test(s));
    fc.assert(
      fc.property(value, (text) => {
        const { files } = compile(previewText(`env: { GREETING: ${JSON.stringify(text)} }`));
        const deployment = files.get('previews/main/shop/pr-shop-7/app/deployment.pr-shop-7.yaml')!;
        for (const version of ['1.1', '1.2'] as const) {
          const { env } = parseDocument(deployment, { version }).toJS().spec.template.spec.containers[0];
          expect(env).toContainEqual({ name: 'GREETING', value: text });
        }
      }),
      { numRuns: runs(100) },
    );
  });

  test('the record says who, what, where and until when', () => {
    const { files, folder } = compile(previewText('ttl: 8h'));
    expect(JSON.parse(files.get(`${folder}/preview.json`)!)).toMatchObject({
      name: 'pr-shop-7',
      identity: { repositoryId: 42, repository: 'acme/shop', number: 7 },
      headSha: 'a1b2c3d'.padEnd(40, '0'),
      image: 'ghcr.io/acme/shop:pr-7-a1b2c3d',
      url: 'https://pr-shop-7.apps.example.com',
      created: OPENED,
      expires: OPENED + 8 * 3600,
    });
  });
});

describe('images', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  test.each([
    ['ghcr.io/acme/shop', 'ghcr.io/acme/shop:pr-7-a1b2c3d'],
    ['ghcr.io/acme/shop:v1', 'ghcr.io/acme/shop:v1'],
    [`ghcr.io/acme/shop@${digest}`, `ghcr.io/acme/shop@${digest}`],
    [`ghcr.io/acme/shop:v1@${digest}`, `ghcr.io/acme/shop@${digest}`],
  ])('%s runs as %s', (written, deployed) => {
    expect(compile(previewText('', written)).record.image).toBe(deployed);
  });

  test.each([
    'shop',
    'acme/shop',
    'ghcr.io/Acme/shop',
    'ghcr.io/acme/../x',
    'me:pw@ghcr.io/acme/shop',
    'ghcr.io/a%2fb',
  ])('%s is refused at its line', (written) => {
    expect(problemsOf(() => compile(previewText('', written)))).toMatchObject([
      { file: 'preview.yaml', line: 5, field: 'spec.image' },
    ]);
  });
});

describe('a new commit', () => {
  const [first, second] = ['a1b2c3d', 'e4f5a6b'].map((sha) => ({ headSha: sha.padEnd(40, '0') }));
  const podOf = (image: string, extra: string, commit: Partial<CompileInput> = first!) => {
    const { files, folder, record } = compile(previewText('', image), extra, commit);
    return { pod: parse(files.get(`${folder}/app/deployment.pr-shop-7.yaml`)!).spec.template, record };
  };
  const restarts = (image: string, extra = '') => {
    const annotations = [first, second].map((commit) => podOf(image, extra, commit).pod.metadata.annotations);
    return JSON.stringify(annotations[0]) !== JSON.stringify(annotations[1]);
  };

  test.each([
    ['a tag in the file', 'ghcr.io/acme/shop:main', '', ['ghcr.io/acme/shop:main']],
    ['a tag rule without the commit', 'ghcr.io/acme/shop', 'tag: "pr-{number}"', ['ghcr.io/acme/shop:pr-7']],
  ])('restarts pods whose image has %s, which may stand for another image by now', (_, image, extra, unversioned) => {
    expect(restarts(image, extra)).toBe(true);
    const { pod, record } = podOf(image, extra);
    expect(pod.spec.containers[0].imagePullPolicy).toBe('Always');
    expect(record.unversioned).toEqual(unversioned);
  });

  test('leaves pods alone whose image cannot have changed; a digest does not say its commit either', () => {
    const digest = `ghcr.io/acme/shop@sha256:${'0'.repeat(64)}`;
    expect(restarts(digest)).toBe(false);
    expect(podOf(digest, '').record.unversioned).toEqual([digest]);
  });

  test('with the tag rule, the image is the only thing that changes in the pod', () => {
    expect(restarts('ghcr.io/acme/shop')).toBe(false);
    expect(podOf('ghcr.io/acme/shop', '').record).not.toHaveProperty('unversioned');
  });

  const ownPod = (kind: string, image: string, commit: Partial<CompileInput>, app = 'ghcr.io/acme/shop') => {
    const spec = `restartPolicy: ${kind === 'Job' ? 'Never' : 'Always'}, containers: [{ name: job, image: '${image}' }]`;
    const selector = kind === 'Job' ? '' : 'selector: { matchLabels: { app: job } }, ';
    const own = manifests({
      'k8s/job.yaml': `apiVersion: ${kind === 'Job' ? 'batch' : 'apps'}/v1\nkind: ${kind}\nmetadata: { name: job }\nspec: { ${selector}template: { metadata: { labels: { app: job } }, spec: { ${spec} } } }\n`,
    });
    const { files, folder, record, findings } = compile(previewText('manifests: k8s', app), '', {
      ...commit,
      manifests: own,
    });
    const { template } = parse(files.get(`${folder}/app/${kind.toLowerCase()}.job.yaml`)!).spec;
    return { template, record, rules: findings.map(({ rule }) => rule) };
  };

  test.each(['Deployment', 'StatefulSet', 'DaemonSet'])(
    'restarts the pods of a %s of own manifests with an image of the app and a tag that may have moved',
    (kind) => {
      for (const [written, app] of [
        ['ghcr.io/acme/shop:main', 'ghcr.io/acme/shop'],
        ['ghcr.io/acme/shop:main', 'ghcr.io/acme/shop:main'],
        ['${image}', 'ghcr.io/acme/shop:main'],
        ['ghcr.io/acme/shop:pr-${number}', 'ghcr.io/acme/shop'],
      ] as const) {
        const [before, after] = [first!, second!].map((commit) => ownPod(kind, written, commit, app));
        expect(before!.template.metadata.annotations).not.toEqual(after!.template.metadata.annotations);
        expect(after!.template.spec.containers[0].imagePullPolicy).toBe('Always');
        expect(after!.record.unversioned).toEqual([after!.template.spec.containers[0].image]);
        expect(after!.rules).not.toContain('reserved-keys');
      }
    },
  );

  test('leaves pods of own manifests alone whose image is of the commit, of elsewhere, or of a Job, which cannot change', () => {
    const plain = (kind: string, image: string) => {
      const { template, record } = ownPod(kind, image, first!);
      expect(template.metadata.annotations).toBeUndefined();
      return record;
    };
    expect(plain('Deployment', 'ghcr.io/acme/shop:${sha}')).not.toHaveProperty('unversioned');
    expect(plain('Deployment', 'ghcr.io/acme/shop')).not.toHaveProperty('unversioned');
    expect(plain('Deployment', 'ghcr.io/acme/redis:7')).toMatchObject({ independent: ['ghcr.io/acme/redis:7'] });
    expect(plain('Deployment', `ghcr.io/acme/redis@sha256:${'1'.repeat(64)}`)).not.toHaveProperty('independent');
    expect(plain('Job', 'ghcr.io/acme/shop:main')).toMatchObject({ unversioned: ['ghcr.io/acme/shop:main'] });
  });

  test('where digests are looked up, the pod follows the digest', () => {
    const image = 'ghcr.io/acme/shop:main';
    const digests = new Map([[image, `sha256:${'1'.repeat(64)}`]]);
    const pods = [first, second].map((commit) =>
      podOf(image, 'evidence: { require: [digest] }', { ...commit, digests }),
    );
    expect(pods[0]!.pod).toEqual(pods[1]!.pod);
    expect(pods[0]!.record.unversioned).toEqual([image]);
  });
});

describe("what the platform does not take is refused with the maker's line, all at once", () => {
  test('size, ttl and secrets', () => {
    const text = previewText('size: huge\nttl: 100h\nsecrets: { KEY: acme/other/key }');
    expect(problemsOf(() => compile(text))).toMatchObject([
      { line: 6, field: 'spec.size', message: expect.stringContaining('small, medium, large') },
      { line: 7, field: 'spec.ttl', message: expect.stringContaining('72h') },
      { line: 8, field: 'spec.secrets.KEY', message: expect.stringContaining('acme/shop/') },
    ]);
  });

  test.each(['acme/shop/../other/key', 'acme/shop/', 'acme/shop-evil/key', 'acme/shop//key'])(
    'secret %s',
    (reference) => {
      const [problem] = problemsOf(() => compile(previewText(`secrets: { KEY: ${reference} }`)));
      expect(problem).toMatchObject({ field: 'spec.secrets.KEY' });
    },
  );

  test('a preview that its own quota would never let start', () => {
    const extra = 'namespace: { quota: { limits.memory: 700Mi } }';
    expect(problemsOf(() => compile(previewText('size: medium'), extra))).toMatchObject([
      { field: 'spec.size', message: expect.stringContaining('1024Mi of limits.memory') },
    ]);
  });

  test('a budget for one preview', () => {
    const extra = 'cost: { budgets: { perPreviewDay: 0.1 } }';
    expect(problemsOf(() => compile(previewText('size: medium'), extra))[0]?.message).toContain('0.2151 USD a day');
  });
});

test('every size of every template fits the default quota, on Knative too', () => {
  for (const knative of [false, true]) {
    for (const size of ['small', 'medium', 'large']) {
      for (const template of ['static-site', 'web-service', 'function']) {
        const text = previewText(`size: ${size}`).replace('web-service', template);
        expect(compile(text, `knative: ${knative}`)).toMatchObject({ denied: false });
      }
    }
  }
});

test('clusters: the first that takes the preview', () => {
  const extra = `clusters:
- { name: big, server: "https://big.example.com", when: { sizes: [large] } }
- { name: labelled, server: "https://l.example.com", when: { labels: [gpu] } }
- { name: rest, server: "https://kubernetes.default.svc" }`;
  expect(compile(previewText(), extra).folder).toBe('previews/rest/shop/pr-shop-7');
  expect(compile(previewText('size: large'), extra).cluster).toBe('big');
  expect(compile(previewText(), extra, { labels: ['gpu'] }).cluster).toBe('labelled');
});

describe("the maker's own manifests", () => {
  const text = previewText('manifests: deploy');
  const service = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: colours\ndata:\n  theme: "off"\n';

  test('are brought into the namespace and written beside the app', () => {
    const { files } = compile(text, '', { manifests: manifests({ 'deploy/config.yaml': service }) });
    expect(parse(files.get('previews/main/shop/pr-shop-7/app/configmap.colours.yaml')!)).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'colours', namespace: 'pr-shop-7' },
      data: { theme: 'off' },
    });
  });

  test('a folder that is not there is said at spec.manifests', () => {
    expect(problemsOf(() => compile(text))).toMatchObject([{ line: 6, field: 'spec.manifests' }]);
  });

  test('every problem of every file comes at once, at its own line', () => {
    const files = manifests({
      'deploy/a.yaml': `${service}---\njust text\n`,
      'deploy/b.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: Not_A_Name\n',
      'deploy/c.yaml': 'apiVersion: 1\nkind: ConfigMap\nmetadata: { name: x }\n',
      'deploy/notes.md': 'not a manifest',
    });
    expect(problemsOf(() => compile(text, '', { manifests: files }))).toMatchObject([
      { file: 'deploy/a.yaml', line: 8 },
      { file: 'deploy/b.yaml', line: 4, field: 'metadata.name' },
      { file: 'deploy/c.yaml', line: 1, field: 'apiVersion' },
    ]);
  });

  test.each([
    ['evidence', 'metadata: { annotations: { evidence.greenroom.dev/signature: "sha256:00" } }'],
    ['a hook', 'metadata: { labels: { argocd.argoproj.io/hook: PreSync } }'],
    ['a key of ours', 'metadata: { labels: { greenroom.dev/preview: pr-shop-7 } }'],
  ])('may not bring %s, however deep', (_, metadata) => {
    const spec = 'spec: { containers: [{ name: x, image: ghcr.io/acme/shop }] }';
    const podTemplate = `apiVersion: v1\nkind: PodTemplate\nmetadata: { name: x }\ntemplate: { ${metadata}, ${spec} }\n`;
    const { denied, findings } = compile(text, '', { manifests: manifests({ 'deploy/p.yaml': podTemplate }) });
    expect(denied).toBe(true);
    expect(findings).toContainEqual(
      expect.objectContaining({
        rule: 'reserved-keys',
        file: 'deploy/p.yaml',
        line: 4,
        field: expect.stringMatching(/^template/),
      }),
    );
  });

  test.each([
    ['a key of ours', 'ConfigMap', 'labels: { greenroom.dev/preview: pr-other-1 }', 'reserved-keys'],
    ['a command to the proxy', 'Ingress', 'annotations: { nginx.ingress.kubernetes.io/x: y1 }', 'ingress-annotations'],
    ['a List', 'List', 'labels: {}', 'no-list'],
  ])('%s is one finding', (_, kind, metadata, rule) => {
    const apiVersion = kind === 'Ingress' ? 'networking.k8s.io/v1' : 'v1';
    const spec = {
      ConfigMap: 'data: {}',
      Ingress: 'spec: { defaultBackend: { service: { name: pr-shop-7, port: { number: 80 } } } }',
      List: 'items: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: a } }]',
    }[kind];
    const object = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: x, ${metadata} }\n${spec}\n`;
    const { findings } = compile(text, '', { manifests: manifests({ 'deploy/x.yaml': object }) });
    const others = ['own-gateway', 'own-host'];
    expect(findings.filter((finding) => !others.includes(finding.rule)).map((finding) => finding.rule)).toEqual([rule]);
  });

  test('are committed as they were checked: what is null is left out', () => {
    const nulls = service.replace(
      'name: colours',
      'name: colours\n  creationTimestamp: null\n  labels: { app: null, tier: web }',
    );
    const { files, folder } = compile(text, '', { manifests: manifests({ 'deploy/c.yaml': nulls }) });
    expect(parse(files.get(`${folder}/app/configmap.colours.yaml`) ?? '').metadata).toEqual({
      name: 'colours',
      namespace: 'pr-shop-7',
      labels: { tier: 'web' },
    });
  });

  test('may not take the place of what greenroom makes', () => {
    const clash = service.replace('ConfigMap', 'Service').replace('colours', 'pr-shop-7');
    const [problem] = problemsOf(() => compile(text, '', { manifests: manifests({ 'deploy/s.yaml': clash }) }));
    expect(problem).toMatchObject({ file: 'deploy/s.yaml', message: expect.stringContaining('another name') });
  });
});
