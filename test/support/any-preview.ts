import fc from './property.ts';

const name = fc
  .stringMatching(/^[a-z][a-z0-9]{0,7}$/)
  .filter((text) => !['main', 'preview', 'app', 'release'].includes(text));
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
const place = fc.stringMatching(/^\/(data|cache|var\/lib)\/[a-z]{1,8}$/);
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
  release: words,
};
const required: { requiredKeys: 'image'[] } = { requiredKeys: ['image'] };
const listening = { ...common, port: fc.integer({ min: 1024, max: 65_535 }), health };

const worker = fc.record(common, required).map((app) => ({ template: 'worker', ...app }));
const server = fc.tuple(fc.constantFrom('web-service', 'static-site', 'function'), fc.record(listening, required));
const routed = server.map(([template, app]) => ({ template, ...app }));

/** What stands under `spec` of any preview.yaml that is right, as far as the default quota goes. */
export const anyPreview = fc
  .tuple(
    routed,
    fc.dictionary(name, fc.oneof(worker, routed), { maxKeys: 2 }),
    fc.boolean(),
    fc.option(fc.constantFrom('8h', '2d'), { nil: undefined }),
    fc.constantFrom(undefined, { db: { type: 'postgres' } }, { cache: { type: 'redis', seed: ['seed'] } }),
  )
  .map(([first, apps, hasPaths, ttl, resources]) => ({
    ...first,
    ...(Object.keys(apps).length > 0 && {
      apps: Object.fromEntries(
        Object.entries(apps)
          .filter(([key]) => resources === undefined || !Object.hasOwn(resources, key))
          .map(([key, app]) => [key, hasPaths && app.template !== 'worker' ? { ...app, path: `/of-${key}` } : app]),
      ),
    }),
    ...(ttl !== undefined && { ttl }),
    ...(resources !== undefined && { resources }),
  }));
