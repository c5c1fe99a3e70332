import { sha256 } from './digest.ts';
import { emitYaml } from './yaml.ts';

/** `deployment.pr-shop-7.yaml`; a name that is no file name (RBAC allows `:`) is made one, with a hash of it. */
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
 * The text of a generated file: one comment that says what made it and from what, and the object. It names no version
 * and no commit, so that neither an upgrade nor a push changes files in which nothing else changes.
 *
 * @param source what it was made from, in words; what is not printable ASCII is left out
 */
export function manifestText(object: unknown, source: string): string {
  return `${madeFrom(source)}\n${emitYaml(object)}`;
}

/** The comment that every generated file begins with. */
export function madeFrom(source: string): string {
  return `# Made by greenroom from ${source.replace(/[^\x20-\x7e]/g, '')}. Edits are refused.`;
}
