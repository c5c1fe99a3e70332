import { compareStrings } from '../core/fileset.ts';
import { manifestFileName } from '../core/manifest-file.ts';
import { emitYaml } from '../core/yaml.ts';
import type { KubeObject } from '../model/kube-object.ts';

export type { KubeObject as Manifest };

/** One object a file below a folder, sorted by path. Two objects that would share a file are the caller's mistake. */
export function manifestFiles(folder: string, objects: readonly KubeObject[]): [string, string][] {
  return objects
    .map((object): [string, string] => [`${folder}/${manifestFileName(object)}`, emitYaml(object)])
    .sort(([a], [b]) => compareStrings(a, b));
}
