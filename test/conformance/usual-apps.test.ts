import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { PodSpec } from '../../lib/model/kube.ts';
import { compileUsual } from '../support/usual-apps.ts';
import { isQuick, isRoot, podsOfFile } from './node/pods.ts';

const FOLDER = resolve(import.meta.dirname, '../../previews/usual');
const POSTGRES = `ghcr.io/acme/postgres@sha256:${'1'.repeat(64)}`;
const REDIS = `ghcr.io/acme/redis@sha256:${'2'.repeat(64)}`;

const { images, started } = podsOfFile();

/** The pod of a workload as it is committed for a usual app. */
function podOf(app: string, workload = `deployment.pr-${app}-7`): PodSpec {
  const { files, folder } = compileUsual(app);
  return parse(files.get(`${folder}/app/${workload}.yaml`)!).spec.template.spec;
}

const built = (folder: string) => images.ofDockerfile(join(FOLDER, folder));

describe.skipIf(!isRoot)('usual apps, built from their Dockerfiles and started as their pods say', () => {
  it.each([
    ['static-nginx', 'handbook', '/', 'Handbook'],
    ['vite', 'dashboard', '/', 'Dashboard'],
    ['express', 'express', '/', 'Hello'],
    ['websocket', 'chat', '/', 'Upgrade Required'],
    ['base-path', 'docs', '/docs/', '<base href="/docs/">'],
    ['auth-gate', 'intranet', '/', 'Hello somebody'],
    ['own-manifests', 'orders', '/', 'redis://queue:6379'],
    ['python-function', 'thumbnails', '/', 'at most 1200 wide'],
  ])('%s answers', async (app, image, path, text) => {
    const pod = await started(podOf(app), { [`ghcr.io/acme/${image}`]: await built(app) });
    expect((await pod.get(path)).body).toContain(text);
  });

  it.skipIf(isQuick)('go-with-frontend answers from both of its images', async () => {
    const app = 'go-with-frontend';
    const web = await started(podOf(app), { 'ghcr.io/acme/notes-web': await built(`${app}/web`) });
    expect((await web.get('/')).body).toContain('Notes');
    const api = await started(podOf(app, `deployment.pr-${app}-7-api`), {
      'ghcr.io/acme/notes-api': await built(`${app}/api`),
    });
    expect((await api.get('/api/notes')).body).toContain(`https://pr-${app}-7.apps.example.com`);
  });

  it.skipIf(isQuick)(
    'django starts on an empty database, migrates, loads its data, and answers the host that it knows',
    async () => {
      const known = { 'ghcr.io/acme/django': await built('django'), [POSTGRES]: await images.ofBase('postgres') };
      const pod = await started(podOf('django'), known);
      expect(await pod.get('/', 'pr-django-7.apps.example.com')).toEqual({ status: 200, body: 'a chair' });
      expect((await pod.get('/')).status).toBe(400);
    },
  );

  it('the queue and the job of own-manifests start with what is theirs', async () => {
    const orders = await built('own-manifests');
    const known = { 'ghcr.io/acme/orders': orders, [REDIS]: await images.ofBase('redis') };
    await started(podOf('own-manifests', 'deployment.queue'), known);
    const { initContainers, containers, ...rest } = podOf('own-manifests', 'job.pr-own-manifests-7-import');
    // A job runs to its end as a step before a start does.
    await started({ ...rest, initContainers: [...containers], containers: [] }, known);
  });
});

describe.skipIf(!isRoot)('an image that does not do what is asked of it', () => {
  const server = (more: string) => `${more}
require('node:http').createServer((_, response) => response.end('ok')).listen(Number(process.env.PORT), HOST);`;

  it.each([
    ['runs as a name', 'USER node', "const HOST = '0.0.0.0';", /image has non-numeric user \(node\)/],
    ['runs as root', '', "const HOST = '0.0.0.0';", /image will run as root/],
    ['listens on 127.0.0.1', 'USER 1000', "const HOST = '127.0.0.1';", /gave up .* waiting for app to be ready/],
    [
      'writes beside /tmp',
      'USER 1000',
      "const HOST = '0.0.0.0'; require('node:fs').writeFileSync('/app/cache', '');",
      /EROFS: read-only file system/,
    ],
    [
      'wants a capability',
      'USER 1000',
      "const HOST = '0.0.0.0'; require('node:child_process').execFileSync('/usr/local/bin/capable');",
      /EPERM/,
    ],
  ])('%s: does not start', async (_, user, text, sentence) => {
    const folder = mkdtempSync(join(tmpdir(), 'greenroom-app-'));
    try {
      writeFileSync(join(folder, 'server.js'), server(text));
      const capable =
        'RUN cp /usr/bin/true /usr/local/bin/capable && setcap cap_net_bind_service=ep /usr/local/bin/capable';
      const lines = ['FROM docker.io/library/node:24-slim', capable, 'COPY server.js /app/', user];
      writeFileSync(join(folder, 'Dockerfile'), [...lines, 'CMD ["node", "/app/server.js"]', ''].join('\n'));
      const image = await images.ofDockerfile(folder);
      await expect(started(podOf('express'), { 'ghcr.io/acme/express': image }, 10_000)).rejects.toThrow(sentence);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
