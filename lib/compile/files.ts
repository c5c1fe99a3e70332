import { compareStrings } from '../core/fileset.ts';
import { manifestFileName, manifestText } from '../core/manifest-file.ts';
import type { KubeObject } from '../model/kube-object.ts';
import { isEncrypted } from './encrypted-keys.ts';

export type { KubeObject as Manifest };

/**
 * One object per file in a folder, sorted by path. The caller must make sure that no two objects share a file.
 *
 * @param source what the objects were made from, for the comment in the file
 */
export function manifestFiles(folder: string, objects: readonly KubeObject[], source: string): [string, string][] {
  return objects
    .map((object): [string, string] => {
      // The sops checksum is valid only in the original order.
      const order = isEncrypted(object) ? 'kept' : 'sorted';
      return [`${folder}/${manifestFileName(object)}`, manifestText(object, source, { order })];
    })
    .sort(([a], [b]) => compareStrings(a, b));
}
