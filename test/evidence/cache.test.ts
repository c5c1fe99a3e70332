import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openContentFolder } from '../../lib/evidence/content-folder.ts';
import { Recent } from '../../lib/evidence/recent.ts';
import { RegistryClient } from '../../lib/evidence/registry/client.ts';
import { nodeExchange } from '../../lib/evidence/registry/exchange.ts';
import { createTrust } from '../../lib/evidence/signatures/trust.ts';
import { createVerifier } from '../../lib/evidence/verify-image.ts';
import { type ImageReference, parseImage } from '../../lib/model/image.ts';
import { tempFolder } from '../support/git.ts';
import { platform } from '../support/inputs.ts';
import fc, { runs } from '../support/property.ts';
import { sha256, TestRegistry } from './registry-server.ts';
import * as signing from './signing.ts';

const NOW = Date.UTC(2026, 10, 24, 8) / 1000;
const [KEY, STRANGER] = [signing.keyPair(), signing.keyPair()];

/** What another run, which knows nothing but this folder, says of the signature. */
async function laterRun(registry: TestRegistry, digest: string, folder: string, key = KEY) {
  const { evidence } = platform(`evidence: { require: [signature], keys: [${JSON.stringify(key.pem)}] }`);
  const network = { exchange: nodeExchange, clock: () => NOW, sleep: async () => {} };
  const client = new RegistryClient({ credentials: async () => undefined, network });
  const image = parseImage(`${registry.host}/acme/shop:v1`) as ImageReference;
  const verifier = createVerifier(client, () => NOW, await openContentFolder(folder, () => NOW));
  const policy = { settings: evidence, trust: createTrust(evidence, new Map(), NOW) };
  const subject = { repositoryId: 42, repository: 'acme/shop', number: 7, head: 'a'.repeat(40) };
  const verified = await verifier.verify(image, digest, policy, subject, async () => []);
  return verified.status === 'evaluated' ? verified.verdicts.signature : verified;
}

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

describe('a folder for later runs', () => {
  test('spares all but the list of what belongs to an image', async () => {
    await using registry = await TestRegistry.start({ referrersApi: true });
    const [digest, folder] = [registry.image('acme/shop'), tempFolder()];
    signing.attach(registry, 'acme/shop', { subject: digest }, KEY);
    expect(await laterRun(registry, digest, folder)).toMatchObject({ status: 'shown' });
    registry.requests.length = 0;
    expect(await laterRun(registry, digest, folder)).toMatchObject({ status: 'shown' });
    const asked = registry.requests.filter((request) => !request.includes('/token'));
    expect(new Set(asked)).toEqual(new Set([`GET /v2/acme/shop/referrers/${digest}`]));
  });

  test('is not believed: what was changed there is read again, and a forged signature in it is none', async () => {
    await using registry = await TestRegistry.start({ referrersApi: true });
    const [digest, folder] = [registry.image('acme/shop'), tempFolder()];
    signing.attach(registry, 'acme/shop', { subject: digest }, STRANGER);
    expect(await laterRun(registry, digest, folder)).toMatchObject({ status: 'wrong' });
    const forged = signing.bundle(signing.statement({ subject: digest }), KEY);
    for (const file of filesIn(folder)) {
      if (readFileSync(file, 'utf8').includes('dsseEnvelope')) writeFileSync(file, forged);
      else writeFileSync(file, readFileSync(file, 'utf8').slice(0, 20));
    }
    expect(await laterRun(registry, digest, folder)).toMatchObject({ status: 'wrong' });
    for (const file of filesIn(folder)) {
      const [folderName = '', name = ''] = file.split('/').slice(-2);
      expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(folderName + name);
    }
  });

  test('another key judges what is kept anew', async () => {
    await using registry = await TestRegistry.start({ referrersApi: true });
    const [digest, folder] = [registry.image('acme/shop'), tempFolder()];
    signing.attach(registry, 'acme/shop', { subject: digest }, KEY);
    expect(await laterRun(registry, digest, folder)).toMatchObject({ status: 'shown' });
    expect(await laterRun(registry, digest, folder, STRANGER)).toMatchObject({ status: 'wrong' });
  });

  test('that cannot be written costs requests, and nothing else', async () => {
    await using registry = await TestRegistry.start({ referrersApi: true });
    const digest = registry.image('acme/shop');
    signing.attach(registry, 'acme/shop', { subject: digest }, KEY);
    expect(await laterRun(registry, digest, '/dev/null/cache')).toMatchObject({ status: 'shown' });
  });

  test('loses what nobody has read for a month, and keeps other files', async () => {
    const folder = tempFolder();
    const cache = await openContentFolder(folder, () => NOW);
    const digests = ['old', 'new'].map(sha256) as [string, string];
    await cache.set(digests[0], Buffer.from('old'));
    await cache.set(digests[1], Buffer.from('new'));
    const [old] = filesIn(folder).filter((file) => readFileSync(file, 'utf8') === 'old');
    utimesSync(old!, NOW - 31 * 86_400, NOW - 31 * 86_400);
    mkdirSync(join(folder, 'other'));
    const again = await openContentFolder(folder, () => NOW);
    expect(await again.get(digests[0])).toBeUndefined();
    expect(Buffer.from((await again.get(digests[1]))!).toString()).toBe('new');
    expect(existsSync(join(folder, 'other'))).toBe(true);
  });

  test('keeps no bytes that would come back as others', async () => {
    const cache = await openContentFolder(tempFolder(), () => NOW);
    const bytes = Buffer.from([0xff, 0xfe, 0x00]);
    await cache.set(sha256(bytes), bytes);
    expect(await cache.get(sha256(bytes))).toBeUndefined();
  });
});

test('what is remembered never comes to more than the limit, and holds what was used last', () => {
  const uses = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), size: fc.integer({ min: 1, max: 12 }) }));
  fc.assert(
    fc.property(uses, (all) => {
      const recent = new Recent<number>(20);
      const sizes = new Map<string, number>();
      for (const { key, size } of all) {
        recent.set(key, size, size);
        sizes.set(key, size);
        expect(recent.get(key)).toBe(size);
        const held = [...sizes.keys()].filter((name) => recent.get(name) !== undefined);
        expect(held.reduce((sum, name) => sum + (recent.get(name) ?? 0), 0)).toBeLessThanOrEqual(20);
        for (const name of held) expect(recent.get(name)).toBe(sizes.get(name));
        recent.get(key);
      }
    }),
    { numRuns: runs(500) },
  );
});
