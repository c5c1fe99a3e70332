import { describe, expect, test } from 'vitest';
import { createCompiler } from '../../lib/compile/compile.ts';
import { GreenroomError } from '../../lib/core/errors.ts';
import { importCompose } from '../../lib/import/compose.ts';
import type { Imported } from '../../lib/import/draft.ts';
import { importHeroku } from '../../lib/import/heroku.ts';
import { importScore } from '../../lib/import/score.ts';
import { loadPlatform } from '../../lib/model/files.ts';
import { ROOMY_PLATFORM } from '../support/any-preview.ts';
import { AWKWARD_STRINGS } from '../support/awkward-strings.ts';
import { compileInput, OPENED } from '../support/inputs.ts';
import fc, { runs } from '../support/property.ts';

const OPTIONS = { registry: 'ghcr.io/acme' };

const PLATFORM = {
  domain: 'apps.example.com',
  sources: [{ owner: 'acme' }],
  registries: ['ghcr.io/acme'],
  ...ROOMY_PLATFORM,
};
const platform = loadPlatform(
  JSON.stringify({ apiVersion: 'greenroom.dev/v1alpha1', kind: 'Platform', spec: PLATFORM }),
  'greenroom.yaml',
).value.spec;
const compile = createCompiler({ platform, now: OPENED });

/** What `check` has against a file; empty where it passes. */
function complaints(text: string): string[] {
  try {
    const { findings } = compile(compileInput(text));
    return findings.filter(({ severity }) => severity === 'deny').map(({ rule, message }) => `${rule}: ${message}`);
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    return [error.message];
  }
}

/** Reads any file of the other tool: it is taken over as something that passes, or refused with a sentence. */
function holds(read: () => Imported): void {
  let imported: Imported;
  try {
    imported = read();
  } catch (error) {
    expect(error).toBeInstanceOf(GreenroomError);
    expect((error as GreenroomError).code).toBe('invalid-input');
    expect((error as GreenroomError).message).not.toContain('preview.yaml');
    return;
  }
  expect([complaints(imported.text), imported.text]).toEqual([[], imported.text]);
}

const odd = fc.oneof(
  fc.constantFrom(...AWKWARD_STRINGS),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'x'.repeat(5000),
    '${A}',
    '$$',
    '$${url}',
    '${url}',
    'a\nb',
    '/',
    '..',
    'é',
  ),
  fc.string({ maxLength: 12 }),
);
const scalar = fc.oneof(odd, fc.integer({ min: -10, max: 70_000 }), fc.double(), fc.boolean(), fc.constant(null));
const anything = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), fc.dictionary(odd, scalar, { maxKeys: 3 }));
/** Mostly what such a file holds, now and then anything at all. */
const mostly = (usual: fc.Arbitrary<unknown>) => fc.oneof({ weight: 5, arbitrary: usual }, anything);

const name = fc.oneof(
  fc.constantFrom('web', 'api', 'worker', 'db', 'cache', 'main', 'Web', 'my_app', 'redis', 'seed-db', 'tmp', 'preview'),
  fc.constantFrom('web-1', 'WEB_1', 'a'.repeat(40), 'database', 'release', 'http', 'service', '7up', 'api-url'),
  odd,
);
const image = fc.constantFrom(
  ...['nginx', 'node:22', 'ghcr.io/acme/shop', 'ghcr.io/acme/shop:1', 'docker.io/library/nginx:1.27', 'quay.io/x/y'],
  ...[
    'postgres:17',
    'bitnami/redis',
    'mysql',
    'GHCR.io/Acme/Shop',
    'ghcr.io/acme/postgres-exporter:1',
    '${IMAGE}:${TAG}',
  ],
  ...[
    `ghcr.io/acme/shop@sha256:${'a'.repeat(64)}`,
    `docker.io/x/y@sha256:${'a'.repeat(64)}`,
    'ghcr.io/acme/a@sha256:b',
  ],
);
const port = fc.constantFrom(
  '80:80',
  '8080',
  3000,
  '127.0.0.1:3000:3000',
  '9000-9005:9000-9005',
  '53:53/udp',
  '${PORT}:3000',
  { target: 4000, published: 80 },
  { target: 'x' },
  '0',
  65_536,
);
const variable = fc.oneof(
  fc.constantFrom(
    'PORT',
    'NODE_ENV',
    'DATABASE_URL',
    'API_TOKEN',
    'PREVIEW_URL',
    'DB_URL',
    'MAIN_URL',
    'WEB_URL',
    'a-b',
    '',
  ),
  odd,
);
const value = fc.oneof(
  fc.constantFrom(
    'debug',
    'postgres://u:p@db:5432/x',
    'redis://cache',
    'http://api:9000',
    '${X:-y}',
    'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
  ),
  scalar,
);
const line = fc.oneof(
  fc.constantFrom(
    'npm start',
    'sh -c "a b"',
    "node 'x y'.js",
    '$PORT',
    'a && b',
    '${X}',
    '"',
    'node /data/x/server.js',
  ),
  odd,
);
const command = fc.oneof(line, fc.array(fc.oneof(line, scalar), { maxLength: 70 }));
const place = fc.oneof(
  fc.constantFrom(
    '/tmp',
    '/run',
    '/app',
    '/app/.cache',
    '/data/x',
    '/data/x/',
    '/etc',
    '/var/run:size=1m',
    '//x',
    '/a/../b',
  ),
  odd,
);
const environment = fc.oneof(
  fc.dictionary(variable, value, { maxKeys: 5 }),
  fc.array(
    fc.tuple(variable, value).map(([key, text]) => `${key}=${String(text)}`),
    { maxLength: 5 },
  ),
);

const service = fc.record(
  {
    image: mostly(image),
    build: mostly(fc.constantFrom('.', { context: '.' })),
    ports: mostly(fc.array(port, { maxLength: 3 })),
    expose: mostly(fc.array(port, { maxLength: 2 })),
    environment: mostly(environment),
    command: mostly(command),
    entrypoint: mostly(command),
    user: mostly(fc.constantFrom('1000', '1000:1000', 0, 'root', 'node', 99_999_999_999)),
    tmpfs: mostly(fc.oneof(place, fc.array(place, { maxLength: 10 }))),
    volumes: anything,
    healthcheck: anything,
    'x-own': anything,
  },
  { requiredKeys: [] },
);

const probe = fc.record({
  httpGet: mostly(fc.record({ path: mostly(fc.constantFrom('/', '/up', '/a b', 'x', '/a?b')), port: scalar })),
});
const container = fc.record(
  {
    image: mostly(image),
    command: mostly(command),
    args: mostly(command),
    variables: mostly(
      fc.dictionary(
        variable,
        fc.oneof(
          value,
          fc.constantFrom(
            '${resources.db.host}',
            '${resources.dns.host}',
            '${metadata.name}',
            'https://${resources.dns.host}/$x',
          ),
        ),
        { maxKeys: 5 },
      ),
    ),
    livenessProbe: mostly(probe),
    readinessProbe: mostly(probe),
    files: anything,
    resources: anything,
  },
  { requiredKeys: [] },
);
const resource = mostly(
  fc.record({
    type: mostly(fc.constantFrom('postgres', 'redis', 'mysql', 's3', 'dns', 'route')),
    params: mostly(fc.record({ path: mostly(fc.constantFrom('/', '/shop', '/a/../b', 'x', '/a//b', '/%2e')) })),
  }),
);

const process = fc.constantFrom('web', 'release', 'worker', 'Clock_1', 'main', 'db', 'seed-db', '');

describe('whatever is imported passes check, or is refused with a sentence', () => {
  test('compose', () => {
    fc.assert(
      fc.property(fc.dictionary(name, mostly(service), { maxKeys: 4 }), (services) => {
        holds(() => importCompose(JSON.stringify({ services }), 'compose.yaml', OPTIONS));
      }),
      { numRuns: runs(1500) },
    );
  });

  test('Score', () => {
    const file = fc.record(
      {
        metadata: mostly(fc.record({ name: mostly(name) })),
        containers: mostly(fc.dictionary(name, mostly(container), { minKeys: 1, maxKeys: 2 })),
        service: mostly(
          fc.record({
            ports: mostly(
              fc.dictionary(
                name,
                mostly(fc.record({ port: mostly(port), targetPort: mostly(port) }, { requiredKeys: [] })),
                { maxKeys: 2 },
              ),
            ),
          }),
        ),
        resources: mostly(fc.dictionary(fc.oneof(name, fc.constant('dns')), resource, { maxKeys: 4 })),
      },
      { requiredKeys: ['containers'] },
    );
    fc.assert(
      fc.property(file, (parts) => {
        holds(() => importScore(JSON.stringify({ apiVersion: 'score.dev/v1b1', ...parts }), 'score.yaml', OPTIONS));
      }),
      { numRuns: runs(1500) },
    );
  });

  test('Heroku', () => {
    const file = fc.record(
      {
        name: mostly(name),
        image: mostly(image),
        env: mostly(
          fc.dictionary(variable, fc.oneof(value, fc.record({ value }), fc.constant({ generator: 'secret' })), {
            maxKeys: 5,
          }),
        ),
        addons: mostly(
          fc.array(fc.constantFrom('heroku-postgresql:mini', 'heroku-redis', 'jawsdb', 'papertrail'), { maxLength: 4 }),
        ),
        scripts: mostly(fc.record({ postdeploy: mostly(line) })),
        formation: mostly(fc.dictionary(process, anything, { maxKeys: 3 })),
        environments: mostly(
          fc.record({ review: mostly(fc.record({ env: mostly(fc.dictionary(variable, value, { maxKeys: 3 })) })) }),
        ),
      },
      { requiredKeys: [] },
    );
    const procfile = fc.option(
      fc
        .array(
          fc.tuple(process, line).map(([key, text]) => `${key}: ${text}`),
          { maxLength: 4 },
        )
        .map((lines) => lines.join('\n')),
      { nil: undefined },
    );
    fc.assert(
      fc.property(file, procfile, (app, lines) => {
        holds(() => importHeroku(JSON.stringify(app), 'app.json', OPTIONS, lines));
      }),
      { numRuns: runs(1500) },
    );
  });
});
