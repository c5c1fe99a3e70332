import { formatImage, type ImageReference, parseImage } from '../model/image.ts';
import { COMMIT_ANNOTATION } from '../model/labels.ts';
import { itemPaths, podPath, valueAt } from '../policies/paths.ts';
import { CONTAINERS } from '../policies/rule.ts';
import { annotated } from './annotated.ts';
import type { Manifest } from './files.ts';
import { podImages } from './images.ts';
import type { ResolvedApp } from './resolve.ts';

// An image in a maker's own manifests that comes from the repository of an app's image is built from the same pull
// request: where its name says no commit, it is treated as the app's own. Any other image (a database, a cache) is taken
// for what its tag says: to restart it at every commit would lose what it holds.

/** Kinds that replace their pods when the template changes. The template of a Job cannot change. */
const REPLACING: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

interface Commit {
  readonly apps: readonly ResolvedApp[];
  readonly headSha: string;
}

/** The object as it is committed: a new commit restarts its pods, and they pull, where a tag may stand for another image by now. */
export function withCommit(object: Manifest, commit: Commit): Manifest {
  if (!REPLACING.has(object.kind)) return object;
  const moving = itemPaths(object, CONTAINERS).filter((path) => isMoving(valueAt(object, [...path, 'image']), commit));
  if (moving.length === 0) return object;
  const copy = structuredClone(object);
  for (const path of moving) {
    const container = valueAt(copy, path) as Record<string, unknown>;
    container['imagePullPolicy'] ??= 'Always';
  }
  return annotated(copy, podPath(copy), { [COMMIT_ANNOTATION]: commit.headSha });
}

/** The images of a maker's own manifests about whose commit nothing is known. */
export interface ManifestImages {
  /** From the repository of an app's image. */
  readonly unversioned: readonly string[];
  /** From elsewhere, by tag: a new commit alone does not restart them. */
  readonly independent: readonly string[];
}

export function manifestImages(objects: readonly Manifest[], commit: Commit): ManifestImages {
  const apps = new Set(commit.apps.map(({ image }) => formatImage(image)));
  const others = [...new Set(objects.flatMap(podImages))].filter((text) => !apps.has(text));
  const read = others.map((text) => ({ text, image: parseImage(text) }));
  const known = read.flatMap(({ text, image }) => (typeof image === 'string' ? [] : [{ text, image }]));
  const open = known.filter(({ image }) => !namesHead(image, commit));
  const texts = (some: typeof open) => some.map(({ text }) => text);
  return {
    unversioned: texts(open.filter(({ image }) => isOfApp(image, commit))),
    independent: texts(open.filter(({ image }) => image.digest === undefined && !isOfApp(image, commit))),
  };
}

function isMoving(text: unknown, commit: Commit): boolean {
  const image = typeof text === 'string' ? parseImage(text) : '';
  if (typeof image === 'string' || image.digest !== undefined) return false;
  return isOfApp(image, commit) && !namesHead(image, commit);
}

function isOfApp({ repository }: ImageReference, { apps }: Commit): boolean {
  return apps.some(({ image }) => image.repository === repository);
}

function namesHead({ tag = '' }: ImageReference, { headSha }: Commit): boolean {
  return tag.includes(headSha.slice(0, 7));
}
