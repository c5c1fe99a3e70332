import fc from './property.ts';

/** Names that would take a variable of a service, of its type, or of the preview's own are refused, and rightly. */
const TAKEN = ['main', 'preview', 'app', 'release', 'database', 'redis'];
const name = fc
  .oneof(
    fc.stringMatching(/^[a-z][a-z0-9-]{0,17}[a-z0-9]$/),
    fc.constantFrom('tmp', 'writable', 'writable-1', 'service', 'http', 'a--b', 'seed-db', 'x'.repeat(20)),
  )
  .filter((text) => !TAKEN.includes(text));
const word = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9 ./=_-]{1,12}$/),
  fc.constantFrom(
    '${url}',
    '--at=${host}',
    '$${url}',
    '${name}-${number}',
    '${sha}',
    '${image}',
    '${repository}',
    'off',
    '0o17',
  ),
);
const words = fc.array(word, { minLength: 1, maxLength: 3 });
const variables = fc.dictionary(fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/).filter(isPlain), word, { maxKeys: 3 });
const place = fc.oneof(
  fc.stringMatching(/^\/(data|cache|var\/lib)\/[a-z]{4,8}$/),
  fc.constantFrom('/var/run', '/srv/x/tmp', '/data/~x', '/home/node/app/.cache/'),
);
const segment = fc.stringMatching(/^[a-z]{1,6}$/);
const health = fc.oneof(
  segment.map((text) => `/${text}`),
  fc.constant({ tcp: true }),
  segment.map((text) => ({ path: `/${text}`, host: '${host}' })),
);

/** Variables whose name says that they hold a secret are refused, and rightly; so is PORT. */
function isPlain(text: string): boolean {
  return text !== 'PORT' && !/(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|KEY)$/.test(text);
}

const common = {
  image: name.map((text) => `ghcr.io/acme/${text}`),
  size: fc.constantFrom('small', 'medium'),
  command: words,
  args: words,
  user: fc.integer({ min: 1, max: 65_535 }),
  writable: fc.uniqueArray(place, { maxLength: 3 }),
  env: variables,
  secrets: fc.dictionary(
    fc.stringMatching(/^S_[A-Z0-9_]{0,8}$/),
    fc.constantFrom('acme/any/stripe', 'acme/any/db#password', 'acme/any/db#user', 'acme/any/deep/er/key'),
    { maxKeys: 3 },
  ),
  release: words,
};
const required: { requiredKeys: 'image'[] } = { requiredKeys: ['image'] };
// From where no service listens.
const listening = { ...common, port: fc.integer({ min: 8000, max: 65_535 }), health };

const worker = fc.record(common, required).map((app) => ({ template: 'worker', ...app }));
const server = fc.tuple(fc.constantFrom('web-service', 'static-site', 'function'), fc.record(listening, required));
const routed = server.map(([template, app]) => ({ template, ...app }));

const image = (name: string) => `ghcr.io/acme/${name}@sha256:${'1'.repeat(64)}`;

/** Settings that any preview below fits: what it may ask for, and room for it. */
export const ROOMY_PLATFORM = {
  services: {
    postgres: { image: image('postgres') },
    redis: { image: image('redis') },
    mysql: { image: image('mysql') },
    search: { image: image('search'), port: 7700, url: 'http://{host}:{port}', variable: 'SEARCH_AT' },
  },
  namespace: {
    quota: {
      'requests.cpu': '20',
      'requests.memory': '40Gi',
      'limits.cpu': '40',
      'limits.memory': '80Gi',
      'requests.ephemeral-storage': '40Gi',
      'limits.ephemeral-storage': '80Gi',
      services: '10',
    },
  },
};

const resource = fc.record(
  { type: fc.constantFrom('postgres', 'redis', 'mysql', 'search'), seed: words },
  { requiredKeys: ['type'] },
);

/** What stands under `spec` of any preview.yaml of `acme/any` that is right, as far as the default quota goes. */
export const anyPreview = fc
  .record(
    {
      first: fc.oneof({ weight: 4, arbitrary: routed }, worker),
      apps: fc.dictionary(name, fc.oneof(worker, routed), { maxKeys: 3 }),
      resources: fc.dictionary(name, resource, { maxKeys: 2 }),
      path: segment.map((text) => `/of-${text}`),
      hasPaths: fc.boolean(),
      ttl: fc.constantFrom('8h', '2d'),
      paths: fc.constant(['web/**', 'package.json']),
    },
    { requiredKeys: ['first', 'apps', 'hasPaths'] },
  )
  .map(({ first, apps, resources, path, hasPaths, ...own }) => ({
    ...first,
    ...(path !== undefined && first.template !== 'worker' && { path }),
    ...(Object.keys(apps).length > 0 && {
      apps: Object.fromEntries(
        Object.entries(apps).map(([key, app]) => [
          key,
          hasPaths && app.template !== 'worker' ? { ...app, path: `/to-${key}` } : app,
        ]),
      ),
    }),
    ...(resources !== undefined && { resources: withoutClashes(resources, Object.keys(apps)) }),
    ...own,
  }))
  .filter((spec) => hasRoute(spec) || !JSON.stringify(spec).match(/(^|[^$])\$\{(url|host)\}/));

interface Resource {
  readonly type: string;
  readonly seed?: readonly string[];
}

/** A resource is called like no app and no step, and is the only one of its type, since all share the network of a pod. */
function withoutClashes(resources: Readonly<Record<string, Resource>>, apps: readonly string[]) {
  const seeds = Object.keys(resources).map((key) => `seed-${key}`);
  const own = Object.entries(resources).filter(([key]) => !apps.includes(key) && !seeds.includes(key));
  return Object.fromEntries(own.filter(([, { type }], i) => own.findIndex(([, other]) => other.type === type) === i));
}

function hasRoute({ template, apps = {} }: { template: string; apps?: object | undefined }): boolean {
  return template !== 'worker' || Object.values(apps).some((app) => app.path !== undefined);
}
