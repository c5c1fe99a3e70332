import { compareStrings } from '../core/fileset.ts';
import { manifestFileName, manifestText } from '../core/manifest-file.ts';
import type { KubeObject } from '../model/kube-object.ts';

export type { KubeObject as Manifest };

/**
 * One object a file below a folder, sorted by path. Two objects that would share a file are the caller's mistake.
 *
 * @param source what they were made from, in words
 */
export function manifestFiles(folder: string, objects: readonly KubeObject[], source: string): [string, string][] {
  return objects
    .map((object): [string, string] => [`${folder}/${manifestFileName(object)}`, manifestText(object, source)])
    .sort(([a], [b]) => compareStrings(a, b));
}
