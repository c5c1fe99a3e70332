import { compareStrings } from '../core/fileset.ts';
import { manifestFileName } from '../core/manifest-file.ts';
import { emitYaml } from '../core/yaml.ts';

/** A Kubernetes object as plain data. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** One object a file below a folder, sorted by path. Two objects that would share a file are the caller's mistake. */
export function manifestFiles(folder: string, objects: readonly Manifest[]): [string, string][] {
  return objects
    .map((object): [string, string] => [`${folder}/${manifestFileName(object)}`, emitYaml(object)])
    .sort(([a], [b]) => compareStrings(a, b));
}
