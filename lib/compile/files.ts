import { sha256 } from '../core/digest.ts';
import { compareStrings } from '../core/fileset.ts';
import { emitYaml } from '../core/yaml.ts';

/** A Kubernetes object as plain data. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** `deployment.pr-shop-7.yaml`; a name that is no file name (RBAC allows `:`) is made one, with a hash of it. */
export function manifestFileName({ kind, metadata }: Pick<Manifest, 'kind' | 'metadata'>): string {
  const plain = `${kind}.${metadata.name}`.toLowerCase();
  const safe = /^[a-z0-9][a-z0-9.-]*$/.test(plain) && plain === `${kind.toLowerCase()}.${metadata.name}`;
  if (safe && plain.length <= 200) return `${plain}.yaml`;
  const hash = sha256(metadata.name).slice(0, 10);
  return `${plain.replace(/[^a-z0-9.-]+/g, '-').slice(0, 180)}-${hash}.yaml`;
}

/** One object a file below a folder, sorted by path. Two objects that would share a file are the caller's mistake. */
export function manifestFiles(folder: string, objects: readonly Manifest[]): [string, string][] {
  return objects
    .map((object): [string, string] => [`${folder}/${manifestFileName(object)}`, emitYaml(object)])
    .sort(([a], [b]) => compareStrings(a, b));
}
