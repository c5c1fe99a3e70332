import { describe, expect, test } from 'vitest';
import { GreenroomError } from '../../lib/core/errors.ts';
import { loadPreview } from '../../lib/model/files.ts';
import { previewText } from '../support/inputs.ts';

const load = (extra: string) => loadPreview(previewText(extra), 'preview.yaml').value.spec;
const worker = (extra: string) =>
  loadPreview(previewText(extra).replace('web-service', 'worker'), 'preview.yaml').value.spec;

function problem(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof GreenroomError)
      return error.problems.map((p) => `${p.line}: ${p.field}: ${p.message}`).join('\n');
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the fields of an app', () => {
  test('all at once, as the file says them', () => {
    const spec = load(`
command: [node, server.js]
args: [--verbose]
user: 1000
writable: [/app/.next/cache, /var/lib/data/]
health: { path: /up, host: "\${host}" }
release: [npm, run, migrate]
secrets: { DB: "acme/shop/db#password" }
paths: ["web/**", package.json]
path: /shop`);
    expect(spec).toMatchObject({
      command: ['node', 'server.js'],
      user: 1000,
      writable: ['/app/.next/cache', '/var/lib/data'],
      health: { path: '/up', host: '${host}' },
      path: '/shop',
    });
    const places = [
      '/var/run',
      '/run',
      '/var/lib/data',
      '/app/dist/cache',
      '/app/public/uploads',
      '/usr/local/tomcat/temp',
    ];
    expect(load(`writable: [${places}]\ncommand: [node, dist/server.js]`).writable).toEqual(places);
    expect(load('health: { tcp: true }').health).toEqual({ tcp: true });
    expect([load('').health, load('').path, worker('').port, worker('').path]).toEqual([
      undefined,
      '/',
      null,
      undefined,
    ]);
  });

  test.each([
    ['user: 0', /^6: spec\.user: must be the number of a user other than root: previews never run as 0/],
    ['user: node', /^6: spec\.user: must be the number of a user, such as 1000; found "node"/],
    ['command: node server.js', /^6: spec\.command: must be a list; found "node server\.js"/],
    ['command: []', /^6: spec\.command: must have at least 1 item/],
    ['release: [npm, 1]', /^6: spec\.release\[1\]: must be text; found 1; put it in quotes: "1"/],
    ['writable: [/app]', /^6: spec\.writable\[0\]: would hide the app's own files \(\/app\).*\/app\/cache/],
    ['writable: [/]', /^6: spec\.writable\[0\]: would hide/],
    ['writable: [/var]', /^6: spec\.writable\[0\]: would hide the app's own files \(\/var\/www\)/],
    [
      'writable: [/data]\ncommand: [/data/bin/run]',
      /^6: spec\.writable\[0\]: would hide the app's own files \(\/data\/bin\/run\)/,
    ],
    ['writable: [/usr/local]', /^6: spec\.writable\[0\]: would hide the app's own files \(\/usr\/local\/bin\)/],
    [
      'writable: [/usr/local/lib/node]',
      /^6: spec\.writable\[0\]: is in \/usr\/local\/lib, which belongs to the system/,
    ],
    ['writable: [/home/node]', /^6: spec\.writable\[0\]: would hide the app's own files \(\/home\/node\/app\)/],
    [
      'writable: [/app/.next]',
      /^6: spec\.writable\[0\]: would hide the app's own files \(\/app\/\.next\).*\/app\/\.next\/cache/,
    ],
    [
      'writable: [/srv/shop/node_modules/]',
      /^6: spec\.writable\[0\]: would hide the app's own files \(\/srv\/shop\/node_modules\)/,
    ],
    [
      'writable: [/srv/shop/out]\ncommand: [node, out/server.js]',
      /^6: spec\.writable\[0\]: would hide the app's own files \(out\/server\.js\)/,
    ],
    [
      'writable: [/srv/shop/out]\ncommand: [node, ./shop/out/server.js]',
      /^6: spec\.writable\[0\]: would hide the app's own files \(\.\/shop\/out\/server\.js\)/,
    ],
    [
      'writable: [/data]\nargs: ["--config=/data/app.yaml"]',
      /^6: spec\.writable\[0\]: would hide the app's own files \(\/data\/app\.yaml\)/,
    ],
    [
      'writable: [/data]\ncommand: [sh, -c, "cd / && exec /data/run; true"]',
      /^6: spec\.writable\[0\]: would hide the app's own files \(\/data\/run\)/,
    ],
    ['writable: [/etc/app]', /^6: spec\.writable\[0\]: is in \/etc, which belongs to the system/],
    ['writable: [/tmp/x]', /^6: spec\.writable\[0\]: is writable already/],
    ['writable: [cache]', /^6: spec\.writable\[0\]: must be a path of plain segments/],
    ['writable: [/app/../etc]', /^6: spec\.writable\[0\]: must be a path/],
    ['writable: [/a/b, /a/b/]', /^6: spec\.writable\[1\]: is named twice/],
    ['writable: [/a/b, /a/b]', /^6: spec\.writable\[1\]: is named twice/],
    ['health: { pth: /up }', /^6: spec\.health\.pth: "pth" is not a setting; did you mean "path"\?/],
    ['health: {}', /^6: spec\.health: must have either path or tcp: true/],
    ['health: { tcp: true, path: / }', /^6: spec\.health: must have either path or tcp: true/],
    ['health: { tcp: false }', /^6: spec\.health\.tcp: must be true; found false/],
    ['health: 8080', /^6: spec\.health: must be text, or a group of settings; found 8080/],
    ['env: { A: "${ulr}" }', /^6: spec\.env\.A: has an unknown placeholder \$\{ulr\}; did you mean \$\{url\}\?/],
    ['args: ["--base=${uri"]', /^6: spec\.args\[0\]: has a placeholder that does not end/],
    ['secrets: { A: "acme/shop/db#" }', /^6: spec\.secrets\.A: must be a reference such as acme\/shop\/stripe, or/],
    ['path: api', /^6: spec\.path: must be a path of plain segments such as \/api/],
    ['path: "/a;b"', /^6: spec\.path: must be a path of plain segments/],
    ['paths: ["../x"]', /^6: spec\.paths\[0\]: must be a pattern of files/],
    ['paths: []', /^6: spec\.paths: must have at least 1 item/],
  ])('%j is refused', (extra, sentence) => {
    expect(problem(() => load(extra))).toMatch(sentence);
  });

  test("an image takes no placeholder: the tag of this commit is the platform's to write", () => {
    const file = previewText('', '"ghcr.io/acme/shop:${sha}"');
    expect(problem(() => loadPreview(file, 'preview.yaml'))).toMatch(
      /spec\.image: must not contain a placeholder: without a tag/,
    );
  });

  test.each([
    ['path: /', /^6: spec\.path: is not possible for a worker, which cannot be reached from outside/],
    ['port: 8080', /^6: spec\.port: is not possible for a worker, which listens on no port/],
    ['health: /up', /^6: spec\.health: is not possible for a worker/],
  ])('a worker with %s is refused', (extra, sentence) => {
    expect(problem(() => worker(extra))).toMatch(sentence);
  });
});

describe('apps', () => {
  const api = (extra = '') => `apps:\n  api: { template: web-service, image: ghcr.io/acme/api${extra} }`;

  test('have the same fields, each with its own defaults', () => {
    expect(load(api(', port: 9000, path: /api')).apps['api']).toMatchObject({ port: 9000, path: '/api', env: {} });
    expect(load(api()).apps['api']).toMatchObject({ port: 8080 });
  });

  test.each([
    [api(', path: /'), /^7: spec\.apps\.api\.path: already leads to the first app; found \//],
    [
      `${api(', path: /a')}\n  b: { template: web-service, image: ghcr.io/acme/b, path: /a/ }`,
      /^8: spec\.apps\.b\.path: already leads to api; found \/a\/\. Give each app its own path/,
    ],
    [
      `${api(', path: /a')}\n  b: { template: web-service, image: ghcr.io/acme/b, path: /A }`,
      /^8: spec\.apps\.b\.path: already leads to api; found \/A\. Give each app its own path/,
    ],
    [api(', prot: 1'), /^7: spec\.apps\.api\.prot: "prot" is not a setting; did you mean "port"\?/],
    [api(', user: 0'), /^7: spec\.apps\.api\.user: must be the number of a user other than root/],
    [api(', ttl: 8h'), /^7: spec\.apps\.api\.ttl: "ttl" is not a setting/],
    [api(', env: { A: "${x}" }'), /^7: spec\.apps\.api\.env\.A: has an unknown placeholder \$\{x\}/],
    [
      'apps: { Api: { template: worker, image: a.b/c } }',
      /spec\.apps\.Api: has a name that must be lower-case letters/,
    ],
    [
      'apps: { main: { template: worker, image: a.b/c } }',
      /spec\.apps\.main: has a name that must be another one than main and preview/,
    ],
    ['apps: { a: { template: worker, image: a.b/c, path: /x } }', /spec\.apps\.a\.path: is not possible for a worker/],
  ])('%j is refused', (extra, sentence) => {
    expect(problem(() => load(extra))).toMatch(sentence);
  });
});
