import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import { compileInput, OPENED, platform, previewText } from '../support/inputs.ts';

const DIGEST = `sha256:${'d'.repeat(64)}`;
const image = (name: string) => `ghcr.io/acme/${name}@${DIGEST}`;
const CATALOGUE = `services:
  postgres: { image: "${image('postgres')}" }
  redis: { image: "${image('redis')}" }
  mysql: { image: "${image('mysql')}" }
  search: { image: "${image('search')}", port: 7700, url: "http://{host}:{port}", variable: SEARCH_URL, writable: [/meili_data] }`;

function compile(extra: string, settings = CATALOGUE) {
  const run = createCompiler({ platform: platform(settings), now: OPENED });
  const { files, folder, findings, cost } = run(compileInput(previewText(extra)));
  expect(findings.filter(({ severity }) => severity === 'deny')).toEqual([]);
  const yaml = [...files].filter(([path]) => path.endsWith('.yaml'));
  const objects = Object.fromEntries(yaml.map(([path, content]) => [path.slice(folder.length + 1), parse(content)]));
  const pod = objects['app/deployment.pr-shop-7.yaml'].spec.template.spec;
  const env = Object.fromEntries(
    pod.containers[0].env.map(({ name, value }: { name: string; value?: string }) => [name, value]),
  );
  return { objects, pod, env, cost, text: [...files.values()].join('') };
}

describe('resources of one app alone', () => {
  const { objects, pod, env, text } = compile(
    'resources:\n  db: { type: postgres, seed: [npm, run, seed, "${url}"] }\n  cache: { type: redis }\nrelease: [npm, run, migrate]',
  );

  test('run in its pod, answer before its release step, and are seeded after it', () => {
    expect(pod.initContainers.map(({ name }: { name: string }) => name)).toEqual(['db', 'cache', 'release', 'seed-db']);
    const [db, cache, release, seed] = pod.initContainers;
    for (const sidecar of [db, cache]) {
      expect(sidecar).toMatchObject({
        restartPolicy: 'Always',
        securityContext: { runAsUser: 999, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      });
      expect(sidecar.startupProbe.exec.command.length).toBeGreaterThan(1);
    }
    expect(seed.command).toEqual(['npm', 'run', 'seed', 'https://pr-shop-7.apps.example.com']);
    // Both steps have what the app has.
    expect([seed.env, release.env]).toEqual([pod.containers[0].env, pod.containers[0].env]);
    expect(objects['app/deployment.pr-shop-7.yaml'].spec.strategy).toEqual({ type: 'Recreate' });
  });

  test('listen on the loopback of the pod alone: no Service, no password, nothing for a neighbour', () => {
    expect(pod.initContainers[0].args).toEqual(['-c', 'listen_addresses=127.0.0.1']);
    expect(pod.initContainers[1].args).toEqual(expect.arrayContaining(['--bind', '127.0.0.1']));
    expect(Object.keys(objects).filter((path) => path.startsWith('app/service'))).toEqual([
      'app/service.pr-shop-7.yaml',
    ]);
    expect(text).not.toMatch(/PASSWORD: *\S|:\/\/[^\s/@]+:[^\s/@]+@/);
  });

  test("are found by the usual variables and by Score's outputs", () => {
    expect(env).toMatchObject({
      DATABASE_URL: 'postgresql://app@127.0.0.1:5432/app',
      DB_URL: 'postgresql://app@127.0.0.1:5432/app',
      DB_HOST: '127.0.0.1',
      DB_PORT: '5432',
      DB_DATABASE: 'app',
      DB_NAME: 'app',
      DB_USERNAME: 'app',
      DB_PASSWORD: '',
      REDIS_URL: 'redis://127.0.0.1:6379/0',
      CACHE_HOST: '127.0.0.1',
    });
  });

  test('write only where they are given a place, each its own', () => {
    const volumes = pod.volumes.map(({ name }: { name: string }) => name);
    expect(volumes).toEqual([...new Set(volumes)]);
    for (const { volumeMounts } of [...pod.initContainers, ...pod.containers]) {
      for (const { name } of volumeMounts) expect(volumes).toContain(name);
    }
  });
});

describe('resources of several apps', () => {
  const { objects, env } = compile(
    'resources: { db: { type: postgres } }\napps: { mailer: { template: worker, image: ghcr.io/acme/shop } }',
  );

  test('are reached inside the namespace, which the fence closes to everybody else', () => {
    const service = objects['app/service.pr-shop-7-db.yaml'].spec;
    expect(service).toMatchObject({
      type: 'ClusterIP',
      publishNotReadyAddresses: true,
      ports: [{ port: 5432, targetPort: 5432 }],
    });
    const { labels } = objects['app/deployment.pr-shop-7.yaml'].spec.template.metadata;
    expect(labels).toMatchObject(service.selector);
    const mailer = objects['app/deployment.pr-shop-7-mailer.yaml'].spec.template;
    expect(mailer.metadata.labels).not.toMatchObject(service.selector);
    expect(mailer.spec.containers[0].env).toContainEqual({
      name: 'DATABASE_URL',
      value: 'postgresql://app@pr-shop-7-db:5432/app',
    });
    expect(env['DATABASE_URL']).toBe('postgresql://app@pr-shop-7-db:5432/app');
    // Not from outside: the way in leads to the app's port only.
    const [open] = objects['fence/networkpolicy.allow-ingress.yaml'].spec.ingress;
    expect(open.ports).toEqual([{ protocol: 'TCP', port: 8080 }]);
    const same = objects['fence/networkpolicy.allow-same-preview.yaml'].spec.ingress;
    expect(same).toEqual([{ from: [{ podSelector: {} }] }]);
  });
});

describe('the catalogue', () => {
  test('has services of its own, and what makers set themselves wins', () => {
    const { env } = compile('resources: { find: { type: search } }\nenv: { SEARCH_URL: mine }');
    expect(env).toMatchObject({ SEARCH_URL: 'mine', FIND_URL: 'http://127.0.0.1:7700', FIND_PORT: '7700' });
    expect(env).not.toHaveProperty('FIND_PASSWORD');
  });

  test('names no volume of a service as one of the app, whatever it is called', () => {
    const { pod } = compile('resources: { writable: { type: postgres }, tmp: { type: redis } }\nwritable: [/data]');
    const volumes = pod.volumes.map(({ name }: { name: string }) => name);
    expect(volumes).toEqual([...new Set(volumes)]);
  });

  test('a worker has no address, so that its name takes no variable', () => {
    const { env } = compile(
      'apps: { database: { template: worker, image: ghcr.io/acme/x } }\nresources: { db: { type: postgres } }',
    );
    expect(env['DATABASE_URL']).toBe('postgresql://app@pr-shop-7-db:5432/app');
  });

  test('gives the usual variable to the first that has it', () => {
    const older = `${CATALOGUE}\n  older: { image: "${image('pg')}", port: 5433, url: "http://{host}:{port}", variable: DATABASE_URL }`;
    const { env } = compile('resources: { one: { type: postgres }, two: { type: older } }', older);
    expect(env['DATABASE_URL']).toBe(env['ONE_URL']);
  });

  test.each([
    [
      'resources: { db: { type: postgrs } }',
      /6:\d+: spec\.resources\.db\.type: is not offered here; found "postgrs", did you mean "postgres"\?/,
    ],
    [
      'resources: { db: { type: mongo } }',
      /found "mongo", there are postgres, redis, mysql, search\. Ask the platform team/,
    ],
    [
      'resources: { one: { type: redis }, two: { type: redis } }',
      /6:\d+: spec\.resources\.two: listens on port 6379, like one in the same pod; one redis is enough/,
    ],
    [
      'resources: { find: { type: search } }\nport: 7700',
      /spec\.resources\.find: listens on port 7700, like the app in the same pod; let the app listen on another one/,
    ],
    ['resources: { app: { type: redis } }', /spec\.resources\.app: has a name that is taken/],
    [
      'resources: { x: { type: redis } }\napps: { x: { template: worker, image: ghcr.io/acme/x } }',
      /spec\.resources\.x: has a name that is taken/,
    ],
    [
      'resources: { db: { type: redis, seed: [a] }, seed-db: { type: redis } }',
      /6:\d+: spec\.resources\.seed-db: has a name that is taken/,
    ],
    [
      'resources: { database: { type: redis }, db: { type: postgres } }',
      /6:\d+: spec\.resources\.db: has a name that makes the variable DATABASE_URL, which is also made by spec\.resources\.database; choose another name/,
    ],
    [
      'apps: { database: { template: web-service, image: ghcr.io/acme/x } }\nresources: { db: { type: mysql } }',
      /6:\d+: spec\.apps\.database: has a name that makes the variable DATABASE_URL, which is also made by spec\.resources\.db/,
    ],
    [
      'apps: { search: { template: web-service, image: ghcr.io/acme/x } }\nresources: { find: { type: search } }',
      /spec\.apps\.search: has a name that makes the variable SEARCH_URL/,
    ],
    ['resources: { db: { typ: redis } }', /"typ" is not a setting; did you mean "type"\?/],
  ])('%j is refused', (extra, sentence) => {
    expect(() => compile(extra)).toThrow(sentence);
  });

  test.each([
    ['services: { postgres: { image: ghcr.io/acme/postgres:17 } }', /services\.postgres\.image: must name its digest/],
    [
      `services: { postgres: { image: "docker.io/library/postgres@${DIGEST}" } }`,
      /must be of one of the registries \(ghcr\.io\/acme\)/,
    ],
    [
      `services: { mongo: { image: "${image('mongo')}" } }`,
      /services\.mongo\.(port|url|variable): is required: only postgres, redis, mysql are known without it/,
    ],
    [
      `services: { redis: { image: "${image('redis')}", size: huge } }`,
      /services\.redis\.size: must be one of the sizes/,
    ],
  ])('%s is told to the platform team', (settings, sentence) => {
    expect(() => compile('', settings)).toThrow(sentence);
  });

  test('a platform without one says so', () => {
    expect(() => compile('resources: { db: { type: postgres } }', '')).toThrow(
      /there are no services yet\. Ask the platform team/,
    );
  });
});

describe('the price', () => {
  // Cores and GiB that are requested, times 24 hours, at rates that make the sum easy: 1 a core-hour, 10 a GiB-hour.
  const RATES = `${CATALOGUE}\ncost: { rates: { cpuHour: 1, memoryGiBHour: 10, asOf: "2026-11" } }`;
  const small = 0.1 * 24 + (128 / 1024) * 10 * 24;
  const medium = 0.25 * 24 + (256 / 1024) * 10 * 24;
  const large = 0.5 * 24 + (512 / 1024) * 10 * 24;

  test.each([
    ['one app', 'size: small', small],
    ['its steps, which run before it and not beside it', 'size: small\nrelease: [a]', small],
    ['a service of a size of its own', 'size: large\nresources: { db: { type: postgres } }', large + small],
    [
      'a service that is larger than others',
      'size: small\nresources: { db: { type: mysql, seed: [a] } }',
      small + medium,
    ],
    ['two services', 'size: small\nresources: { a: { type: postgres }, b: { type: search } }', 3 * small],
    [
      'every app, workers too, and the service that they share',
      'size: small\nresources: { q: { type: redis } }\napps:\n  api: { template: web-service, image: ghcr.io/acme/api, size: medium, path: /api }\n  mail: { template: worker, image: ghcr.io/acme/shop, size: large, release: [b] }',
      small + small + medium + large,
    ],
    [
      'an app of the usual size of its template',
      'size: medium\napps: { web: { template: static-site, image: ghcr.io/acme/web, path: /web } }',
      medium + small,
    ],
  ])('is that of %s', (_, extra, perDay) => {
    const roomy =
      'namespace: { quota: { limits.cpu: "20", limits.memory: 16Gi, requests.cpu: "8", requests.memory: 8Gi } }';
    expect(compile(extra, `${RATES}\n${roomy}`).cost.perDay).toBeCloseTo(perDay, 4);
  });
});

test.each([
  ['', '', []],
  [
    'resources: { db: { type: postgres } }',
    'egress: https',
    ['db begins empty with every push: what was stored is thrown away.', 'It can reach the internet on port 443.'],
  ],
  [
    'resources: { db: { type: postgres }, q: { type: redis } }',
    'egress: [{ cidr: 203.0.113.0/24, ports: [443, 8443] }, { cidr: 198.51.100.7/32 }]',
    [
      'db and q begin empty with every push: what was stored is thrown away.',
      'It can reach 203.0.113.0/24 on ports 443 and 8443 and 198.51.100.7/32.',
    ],
  ],
])('the maker is told what is thrown away and what is open: %j, %j', (extra, egress, notes) => {
  const run = createCompiler({ platform: platform(`${CATALOGUE}\n${egress}`), now: OPENED });
  expect(run(compileInput(previewText(extra))).notes).toEqual(notes);
});
