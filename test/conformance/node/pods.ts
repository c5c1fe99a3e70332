import { afterAll, afterEach, beforeAll } from 'vitest';
import type { PodSpec } from '../../../lib/model/kube.ts';
import { judge } from '../judges.ts';
import { type BuiltImage, Images } from './images.ts';
import { Pod } from './pod.ts';

/** Only root can make namespaces, mounts and users. */
export const isRoot = process.getuid?.() === 0;
/** Whether the slowest images are left out. */
export const isQuick = process.env['GREENROOM_QUICK'] === '1';

/** Images and pods of a test file. Its pods are stopped after each test. */
export function podsOfFile() {
  const images = new Images();
  const pods: Pod[] = [];
  beforeAll(() => judge('podrun'));
  afterEach(async () => {
    for (const pod of pods.splice(0)) await pod.stop();
  });
  afterAll(() => images.stop());

  /** @param built images by their reference, without the tag of pull request 7 */
  async function started(spec: PodSpec, built: Readonly<Record<string, BuiltImage>>, waitMs?: number): Promise<Pod> {
    const pod = new Pod(spec, (reference) => {
      const image = built[reference.replace(/:pr-7-[0-9a-f]+$/, '')];
      if (image === undefined) throw new Error(`nothing was built for ${reference}`);
      return image;
    });
    pods.push(pod);
    await pod.start(waitMs);
    return pod;
  }
  return { images, started };
}
