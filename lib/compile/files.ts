import { compareStrings } from '../core/fileset.ts';
import { manifestFileName, manifestText } from '../core/manifest-file.ts';
import type { KubeObject } from '../model/kube-object.ts';
import { isEncrypted } from './encrypted-keys.ts';

export type { KubeObject as Manifest };

/**
 * One object a file below a folder, sorted by path. Two objects that would share a file are the caller's mistake.
 *
 * @param source what they were made from, in words
 */
export function manifestFiles(folder: string, objects: readonly KubeObject[], source: string): [string, string][] {
  return objects
    .map((object): [string, string] => {
      // What sops has signed holds in its own order only.
      const order = isEncrypted(object) ? 'kept' : 'sorted';
      return [`${folder}/${manifestFileName(object)}`, manifestText(object, source, { order })];
    })
    .sort(([a], [b]) => compareStrings(a, b));
}
