import { sha256 } from './digest.ts';
import { type EmitOptions, emitYaml } from './yaml.ts';

/** `deployment.pr-shop-7.yaml`. A name that cannot be a file name (RBAC allows `:`) is changed and gets a hash. */
export function manifestFileName({
  kind,
  metadata,
}: {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}): string {
  const plain = `${kind}.${metadata.name}`.toLowerCase();
  const safe = /^[a-z0-9][a-z0-9.-]*$/.test(plain) && plain === `${kind.toLowerCase()}.${metadata.name}`;
  if (safe && plain.length <= 200) return `${plain}.yaml`;
  const hash = sha256(metadata.name).slice(0, 10);
  return `${plain.replace(/[^a-z0-9.-]+/g, '-').slice(0, 180)}-${hash}.yaml`;
}

/**
 * The text of a generated file: a comment about its origin, and the object. The comment has no version and no commit,
 * so that an upgrade or a push does not change files whose object stays the same.
 *
 * @param source what it was made from; characters other than printable ASCII are dropped
 */
export function manifestText(object: unknown, source: string, options: EmitOptions = {}): string {
  return `${madeFrom(source)}\n${emitYaml(object, options)}`;
}

/** The comment that every generated file begins with. */
export function madeFrom(source: string): string {
  return `# Made by greenroom from ${source.replace(/[^\x20-\x7e]/g, '')}. Edits are refused.`;
}
