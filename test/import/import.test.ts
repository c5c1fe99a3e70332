import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { importCompose } from '../../lib/import/compose.ts';
import { importHeroku } from '../../lib/import/heroku.ts';
import { importScore } from '../../lib/import/score.ts';
import { loadPreview } from '../../lib/model/files.ts';
import { inProcess } from '../support/command.ts';
import { tempFolder } from '../support/git.ts';
import fc from '../support/property.ts';

const REGISTRY = { registry: 'ghcr.io/acme' };
const spec = (text: string) => parse(text).spec;

const COMPOSE = `x-common: &common
  restart: always
services:
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: hunter2 }
    volumes: [data:/var/lib/postgresql/data]
  web:
    <<: *common
    build: .
    ports: ["127.0.0.1:3000:3000"]
    command: npm run start
    user: "1000:1000"
    tmpfs: ["/app/.cache", "/tmp"]
    volumes: [".:/app"]
    environment:
      - LOG_LEVEL=debug
      - DATABASE_URL=postgres://app:hunter2@db:5432/app
      - API_TOKEN=abcdef
      - HOME_URL=\${PUBLIC_URL}
      - PRICE=$$5
  jobs:
    image: ghcr.io/acme/web:latest
    entrypoint: [node]
    command: [worker.js, "a b"]
volumes: { data: {} }
`;

describe('compose', () => {
  const { text, notes } = importCompose(COMPOSE, 'compose.yaml', REGISTRY);

  test('becomes apps and resources', () => {
    expect(spec(text)).toEqual({
      template: 'web-service',
      image: 'ghcr.io/acme/web',
      port: 3000,
      args: ['npm', 'run', 'start'],
      user: 1000,
      writable: ['/app/.cache'],
      env: { LOG_LEVEL: 'debug', PRICE: '$5' },
      apps: { jobs: { template: 'worker', image: 'ghcr.io/acme/web', command: ['node'], args: ['worker.js', 'a b'] } },
      resources: { db: { type: 'postgres' } },
    });
  });

  test('says what it could not take over, and never a secret', () => {
    const said = notes.join('\n');
    for (const part of [
      'web, volumes:',
      'variable DATABASE_URL: refers to db',
      'variable API_TOKEN: it could be a secret',
      'variable HOME_URL: its value is from',
      'the tag latest',
      'db, postgres:17',
    ]) {
      expect(said).toContain(part);
    }
    expect(`${said}${text}`).not.toMatch(/hunter2|abcdef/);
    for (const note of notes) expect(text).toContain(`# not imported: ${note}\n`);
  });

  test.each([
    ['not: compose', /services: is required/],
    ['services: { db: { image: redis } }', /only databases/],
    ['services: [', /cannot be read/],
    [
      `a: &a [x]\nb: &b [${'*a,'.repeat(20)}]\nc: [${'*b,'.repeat(20)}]\nservices: {}`,
      /services: is required|cannot be read/,
    ],
  ])('%j is refused', (broken, sentence) => {
    expect(() => importCompose(broken, 'compose.yaml', REGISTRY)).toThrow(sentence);
  });

  test.each([
    ['a program beside a database is an app', 'quay.io/x/postgres-exporter:1', undefined],
    ['a registry with a port', 'localhost:5000/team/postgres:17', { db: { type: 'postgres' } }],
  ])('%s', (_, image, resources) => {
    const { text } = importCompose(JSON.stringify({ services: { web: { build: '.' }, db: { image } } }), 'c', REGISTRY);
    expect(spec(text).resources).toEqual(resources);
  });

  test('what compose would have read as text stays text, and is no placeholder', () => {
    const web = { build: '.', ports: ['3000'], entrypoint: ['echo', '$${url}'], environment: { A: '$${url}' } };
    const { text } = importCompose(JSON.stringify({ services: { web } }), 'c', REGISTRY);
    expect(spec(text)).toMatchObject({ command: ['echo', '$${url}'], env: { A: '$${url}' } });
  });

  test('an image of another registry than the one that is named is told of', () => {
    const { text, notes } = importCompose('services: { web: { image: "docker.io/library/nginx:1" } }', 'c', REGISTRY);
    expect(spec(text).image).toBe('ghcr.io/acme/web');
    expect(notes.join('\n')).toContain('the image docker.io/library/nginx:1: ghcr.io/acme/web is used');
  });

  test('what a preview.yaml cannot say is left out with its sentence, and the rest is taken over', () => {
    const web = { build: '.', user: '99999999999', command: Array(70).fill('x'), environment: { A: 'b' } };
    const { text, notes } = importCompose(JSON.stringify({ services: { web } }), 'c', REGISTRY);
    expect(spec(text)).toEqual({ template: 'worker', image: 'ghcr.io/acme/web', env: { A: 'b' } });
    expect(notes.join('\n')).toMatch(/args: must have at most 64 items.*\nuser: must be the number/);
  });

  test('port 80 and a user by name are told of', () => {
    const file = 'services: { web: { image: nginx, ports: ["80:80"], user: node } }';
    const result = importCompose(file, 'c', {});
    expect(spec(result.text)).toEqual({ template: 'web-service', image: 'ghcr.io/your-organization/web' });
    expect(result.notes.join('\n')).toMatch(/port 80.*PORT, which is 8080[\s\S]*user node[\s\S]*--registry/);
  });
});

describe('Score', () => {
  const SCORE = `apiVersion: score.dev/v1b1
metadata: { name: shop }
containers:
  shop:
    image: .
    command: ["/bin/shop"]
    args: ["--price=$5"]
    variables:
      LEVEL: debug
      DB_HOST: \${resources.db.host}
      PGUSER: \${resources.db.username}
      SITE: https://\${resources.dns.host}/x
    readinessProbe: { httpGet: { path: /up, port: 9000 } }
    resources: { limits: { memory: 1Gi } }
service: { ports: { www: { port: 80, targetPort: 9000 } } }
resources:
  db: { type: postgres }
  dns: { type: dns }
  route: { type: route, params: { path: /shop } }
  bucket: { type: s3 }
`;
  const { text, notes } = importScore(SCORE, 'score.yaml', REGISTRY);

  test('becomes an app with its resources, its host and its path', () => {
    expect(spec(text)).toEqual({
      template: 'web-service',
      image: 'ghcr.io/acme/shop',
      port: 9000,
      path: '/shop',
      health: '/up',
      command: ['/bin/shop'],
      args: ['--price=$5'],
      env: { LEVEL: 'debug', SITE: 'https://${host}/x' },
      resources: { db: { type: 'postgres' } },
    });
    expect(notes).toEqual([
      'the resource bucket (s3): previews have no such resource',
      'shop, resources: choose a `size`',
      'shop, the variable PGUSER: read DB_USERNAME, which is set',
    ]);
  });

  test('of another tool is refused', () => {
    expect(() => importScore('apiVersion: v1', 's', {})).toThrow(/apiVersion: must be score\.dev\/v1b1/);
  });
});

describe('Heroku', () => {
  const APP = JSON.stringify({
    name: 'Small Shop',
    env: { RACK_ENV: { value: 'production' }, SECRET_KEY_BASE: { generator: 'secret' }, HOST: { required: true } },
    addons: ['heroku-postgresql:mini', { plan: 'heroku-redis' }, 'papertrail'],
    scripts: { postdeploy: 'bundle exec rake db:seed' },
    formation: { web: { quantity: 1 }, worker: { quantity: 1 } },
    buildpacks: [{ url: 'heroku/ruby' }],
    environments: { review: { env: { RACK_ENV: 'staging' } } },
  });
  const PROCFILE = 'web: bundle exec puma -p $PORT\nrelease: rake db:migrate\nworker: bundle exec sidekiq\n';

  test('becomes web process, workers, release step and seed', () => {
    const { text, notes } = importHeroku(APP, 'app.json', REGISTRY, PROCFILE);
    expect(spec(text)).toEqual({
      template: 'web-service',
      image: 'ghcr.io/acme/small-shop',
      command: ['sh', '-c', 'bundle exec puma -p $PORT'],
      release: ['rake', 'db:migrate'],
      env: { RACK_ENV: 'staging' },
      apps: {
        worker: {
          template: 'worker',
          image: 'ghcr.io/acme/small-shop',
          command: ['bundle', 'exec', 'sidekiq'],
          env: { RACK_ENV: 'staging' },
        },
      },
      resources: { cache: { type: 'redis' }, db: { type: 'postgres', seed: ['bundle', 'exec', 'rake', 'db:seed'] } },
    });
    expect(notes.join('\n')).toMatch(
      /add-on papertrail[\s\S]*SECRET_KEY_BASE: Heroku generates it[\s\S]*HOST: it has no value[\s\S]*buildpacks/,
    );
  });

  test('without a Procfile says so', () => {
    expect(importHeroku(APP, 'app.json', REGISTRY).notes.join()).toMatch(
      /process worker: its command is in the Procfile/,
    );
  });
});

test('what a compose file says in a form that is not read is told, and so is what would be lost', () => {
  const file = `services:
  web: { image: [1], ports: { a: b }, environment: 3, command: { x: y }, tmpfs: [/app/dist, /srv/cache/, run] }
  Work_er: { image: ghcr.io/acme/a }
  work-er: { image: ghcr.io/acme/b }
  empty:
`;
  const { text, notes } = importCompose(file, 'compose.yaml', REGISTRY);
  expect(notes.map((note) => note.split(':')[0])).toEqual([
    'empty',
    'web, image',
    'web, ports',
    'web, environment',
    'web, command',
    'web, tmpfs /app/dist',
    'web, tmpfs run',
    'work-er',
  ]);
  expect(spec(text)).toMatchObject({ writable: ['/srv/cache/'], apps: { 'work-er': { image: 'ghcr.io/acme/a' } } });
});

test('whatever a compose file holds, what comes out is right or the file is refused', () => {
  const value = fc.oneof(fc.string({ maxLength: 12 }), fc.integer(), fc.boolean(), fc.constant(null));
  const service = fc.dictionary(
    fc.constantFrom('image', 'ports', 'environment', 'command', 'user', 'tmpfs', 'expose', 'entrypoint', 'volumes'),
    fc.oneof(
      value,
      fc.array(value, { maxLength: 3 }),
      fc.dictionary(fc.string({ maxLength: 8 }), value, { maxKeys: 3 }),
    ),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string({ maxLength: 10 }), service, { minKeys: 1, maxKeys: 3 }), (services) => {
      const file = JSON.stringify({ services });
      let text: string;
      try {
        text = importCompose(file, 'compose.yaml', REGISTRY).text;
      } catch (error) {
        // Of the compose file: never of a preview.yaml that was written wrong.
        expect(error).toMatchObject({ code: 'invalid-input', problems: [{ file: 'compose.yaml' }] });
        return;
      }
      loadPreview(text, 'preview.yaml');
    }),
    { numRuns: 200 },
  );
});

test('the command prints, or writes a file that check takes, and never over one that is there', async () => {
  const cwd = tempFolder();
  writeFileSync(join(cwd, 'compose.yaml'), COMPOSE);
  const args = ['import', 'compose', 'compose.yaml', '--registry', 'ghcr.io/acme'];
  const printed = await inProcess(args, cwd);
  expect([printed.code, printed.stdout.startsWith('# not imported: ')]).toEqual([0, true]);
  expect(printed.stderr).toContain('not imported: web, volumes:');
  expect((await inProcess([...args, '--out', 'preview.yaml'], cwd)).code).toBe(0);
  const hint = '# yaml-language-server: $schema=.greenroom/preview.schema.json\n';
  expect(readFileSync(join(cwd, 'preview.yaml'), 'utf8')).toBe(`${hint}${printed.stdout}`);
  expect((await inProcess(['check', 'preview.yaml'], cwd)).code).toBe(0);
  const again = await inProcess([...args, '--out', 'preview.yaml'], cwd);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('--overwrite writes over it')]);
  const other = await inProcess(['import', 'helm', 'compose.yaml'], cwd);
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('there are compose, score, heroku-app-json')]);
  expect((await inProcess([...args.slice(0, 3), '--registry', 'acme'], cwd)).code).toBe(2);
});
