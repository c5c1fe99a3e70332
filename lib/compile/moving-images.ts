import { valueAt } from '../core/json.ts';
import { formatImage, type ImageReference, parseImage } from '../model/image.ts';
import { COMMIT_ANNOTATION } from '../model/labels.ts';
import { itemPaths, podPath } from '../policies/paths.ts';
import { CONTAINERS } from '../policies/rule.ts';
import { annotated } from './annotated.ts';
import type { Manifest } from './files.ts';
import { podImages } from './images.ts';
import type { ResolvedApp } from './resolve.ts';

// An image in the maker's own manifests from the same repository as an app's image is built from the same pull request.
// If its name does not contain the commit, it is treated like the app's own image. Any other image (a database, a
// cache) keeps its tag: a restart at every commit would lose its data.

/** Kinds that replace their pods when the template changes. The template of a Job cannot change. */
const REPLACING: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

interface Commit {
  readonly apps: readonly ResolvedApp[];
  readonly headSha: string;
}

/**
 * The object as it will be committed: a new commit restarts its pods. They pull the image again if its tag may have
 * moved.
 */
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

/** The images in the maker's own manifests whose commit is unknown. */
export interface ManifestImages {
  /** From the same repository as an app's image. */
  readonly unversioned: readonly string[];
  /** From other repositories, with a tag: a new commit does not restart them. */
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
