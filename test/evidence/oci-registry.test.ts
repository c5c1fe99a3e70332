import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dockerCredentials } from '../../lib/evidence/credentials.ts';
import { OciRegistry } from '../../lib/evidence/oci-registry.ts';
import { parseImage } from '../../lib/model/image.ts';
import { tempFolder } from '../support/git.ts';
import { type TestRegistry, testRegistry } from './registry-server.ts';

const DIGEST = `sha256:${'3f'.repeat(32)}`;
const LOGIN = Buffer.from('mia:s3cret').toString('base64');

function resolve(registry: TestRegistry, { tag = 'v1', login = undefined as string | undefined, timeout = 5000 } = {}) {
  const image = parseImage(`${registry.host}/acme/shop:${tag}`);
  if (typeof image === 'string') throw new Error(image);
  return new OciRegistry({ credentials: () => login, timeout }).resolve(image);
}

test('a tag stands for a digest, looked up with a token for this image alone', async () => {
  await using registry = await testRegistry();
  registry.images.set('acme/shop:v1', DIGEST);
  expect(await resolve(registry)).toEqual({ status: 'found', digest: DIGEST });
  expect(registry.requests).toEqual([
    'HEAD /v2/acme/shop/manifests/v1',
    'GET /token?service=test&scope=repository%3Aacme%2Fshop%3Apull',
    'HEAD /v2/acme/shop/manifests/v1',
  ]);
});

test('only the word of the registry itself says that an image is not there', async () => {
  await using registry = await testRegistry();
  expect(await resolve(registry)).toEqual({ status: 'missing' });
});

test('a private image is looked up with what `docker login` left, and without it nothing is known', async () => {
  await using registry = await testRegistry({ login: LOGIN });
  registry.images.set('acme/shop:v1', DIGEST);
  const anonymous = await resolve(registry);
  expect(anonymous).toMatchObject({ status: 'unknown', reason: expect.stringContaining('docker login') });
  expect(await resolve(registry, { login: LOGIN })).toEqual({ status: 'found', digest: DIGEST });
  const wrong = Buffer.from('mia:wr0ng').toString('base64');
  const refused = await resolve(registry, { login: wrong });
  expect(refused.status).toBe('unknown');
  expect(JSON.stringify(refused)).not.toMatch(new RegExp(`wr0ng|${wrong}`));
});

test.each<[string, TestRegistry['fault'], string]>([
  ['an error', (_, response) => response.writeHead(500).end(), 'answered 500'],
  ['a page instead of an answer', (_, response) => response.writeHead(200).end(), 'named no digest'],
  [
    'a digest that is none',
    (_, response) => response.writeHead(200, { 'docker-content-digest': '../etc' }).end(),
    'named no digest',
  ],
  [
    'another address',
    (_, response) => response.writeHead(307, { location: 'http://169.254.169.254/latest/' }).end(),
    'cannot be reached',
  ],
  ['a cut connection', (_, response) => response.destroy(), 'cannot be reached'],
  ['a refusal', (_, response) => response.writeHead(403).end(), 'does not let us look at'],
  [
    'a token service elsewhere, unencrypted',
    (_, response) => response.writeHead(401, { 'www-authenticate': 'Bearer realm="http://evil.example/token"' }).end(),
    'does not let us look at',
  ],
])('%s leaves it unknown', async (_, fault, reason) => {
  await using registry = await testRegistry();
  registry.fault = fault;
  expect(await resolve(registry, { login: LOGIN })).toEqual({
    status: 'unknown',
    reason: expect.stringContaining(reason),
  });
});

test('a registry that never answers is not waited for', async () => {
  await using registry = await testRegistry();
  registry.fault = () => undefined;
  const lookup = await resolve(registry, { timeout: 50 });
  expect(lookup).toEqual({ status: 'unknown', reason: `${registry.host} gave no answer within 0.05 seconds` });
});

test('a registry that is not there leaves it unknown', async () => {
  const registry = await testRegistry();
  await registry[Symbol.asyncDispose]();
  expect(await resolve(registry)).toMatchObject({ status: 'unknown', reason: expect.stringContaining('ECONNREFUSED') });
});

test('credentials are those of the docker configuration, by host', async () => {
  const folder = join(tempFolder(), 'docker');
  mkdirSync(folder);
  const auths = {
    'ghcr.io': { auth: 'Z2hjcg==' },
    'https://index.docker.io/v1/': { auth: 'aHVi' },
    'helper.example.com': {},
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths }));
  const credentials = await dockerCredentials({ DOCKER_CONFIG: folder });
  expect(['ghcr.io', 'docker.io', 'helper.example.com', 'other.example.com'].map(credentials)).toEqual([
    'Z2hjcg==',
    'aHVi',
    undefined,
    undefined,
  ]);
  writeFileSync(join(folder, 'config.json'), '{ "auths": ');
  expect((await dockerCredentials({ DOCKER_CONFIG: folder }))('ghcr.io')).toBeUndefined();
});
