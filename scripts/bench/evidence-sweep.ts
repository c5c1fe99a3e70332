import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRegistries } from '../../lib/evidence/registry/open.ts';
import { createVerifier } from '../../lib/evidence/verify-image.ts';
import type { SyncContext } from '../../lib/sync/plan/base.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { judge } from '../../test/conformance/judges.ts';
import { run } from '../../test/conformance/run.ts';
import { pushReferrer, type Registries, startRegistries } from '../../test/conformance/support/registries.ts';
import { bundle, type KeyPair, keyPair, statement } from '../../test/evidence/signing.ts';
import { cleanUp } from '../../test/support/cleanup.ts';
import { platformText, previewText } from '../../test/support/inputs.ts';
import { World } from '../../test/support/world.ts';
import { interleave, ratio, row, time } from './measure.ts';

const PREVIEWS = 200;
const SPDX = 'https://spdx.dev/Document';

/** A sweep without changes whose images this process verified before, compared with a sweep that requires no evidence. */
export async function evidenceSweep(rounds: number): Promise<void> {
  console.log(`A sweep of ${PREVIEWS} previews in which nothing changed`);
  const registries = await startRegistries('bench-sweep');
  try {
    const key = keyPair();
    const images = await pushImages(registries, key);
    const keys = `keys: [${JSON.stringify(key.pem)}]`;
    const asked = await Asking.start(registries, images, `evidence: { require: [digest, signature, sbom], ${keys} }`);
    const plain = await Asking.start(registries, images, 'evidence: { require: [] }');
    const times = await interleave(
      { evidence: () => time(() => asked.sweep('none')), plain: () => time(() => plain.sweep('none')) },
      rounds,
    );
    row('no evidence asked', times['plain']!);
    row('signature and list of parts, known', times['evidence']!);
    ratio('with evidence / without', times['evidence']!.median / times['plain']!.median, { atMost: 1.1 });
  } finally {
    await registries.stop();
    await cleanUp();
  }
}

/**
 * Pushes an image for each preview, signed and with a list of parts; gives them by digest. Each is in a repository of its
 * own: this registry reads all manifests of a repository to list the referrers of one.
 */
async function pushImages(registries: Registries, key: KeyPair): Promise<string[]> {
  const crane = await judge('crane');
  const images: string[] = [];
  for (let i = 1; i <= PREVIEWS; i++) {
    const name = `${registries.hosts.referrers}/acme/shop-${i}`;
    const layer = join(registries.folder, 'layer.tar');
    writeFileSync(layer, Buffer.alloc(1024, i));
    await run(crane, ['append', `--new_layer=${layer}`, `--new_tag=${name}:pr-${i}`]);
    const subject = (await run(crane, ['digest', `${name}:pr-${i}`])).trim();
    await pushReferrer(name, subject, bundle(statement({ subject }), key), false);
    const predicate = { spdxVersion: 'SPDX-2.3', packages: [{ name: 'openssl' }] };
    await pushReferrer(name, subject, bundle(statement({ subject, predicateType: SPDX, predicate }), key), false);
    images.push(`${name}@${subject}`);
  }
  return images;
}

/** An apps repo, pull requests, and the caches of a process that keeps running. */
class Asking {
  readonly #world: World;
  readonly #images: Pick<SyncContext, 'images' | 'verifier'>;

  private constructor(world: World, images: Pick<SyncContext, 'images' | 'verifier'>) {
    this.#world = world;
    this.#images = images;
  }

  static async start({ hosts, folder }: Registries, images: readonly string[], settings: string): Promise<Asking> {
    const world = new World(platformText(settings).replace('ghcr.io', hosts.referrers));
    for (const [i, image] of images.entries()) {
      world.push('shop', { 'preview.yaml': previewText('', image) });
      world.pull('shop', i + 1);
    }
    const client = openRegistries({ DOCKER_CONFIG: folder });
    const asking = new Asking(world, { images: client, verifier: createVerifier(client, () => world.now) });
    await asking.sweep('create');
    return asking;
  }

  async sweep(effect: 'create' | 'none'): Promise<void> {
    const { results } = await this.#world.with((context) => sweep({ ...context, ...this.#images }));
    const other = results.find((result) => result.effect !== effect || result.state.state !== 'committed');
    if (results.length !== PREVIEWS || other !== undefined) throw new Error(`unexpected: ${JSON.stringify(other)}`);
  }
}
