import { sha256 } from './digest.ts';

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
