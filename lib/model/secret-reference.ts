import { looksLikeCredential, SECRET_ITSELF } from './load/credential.ts';
import { bounded } from './scalars.ts';

const REFERENCE = 'must be a reference such as acme/shop/stripe, or acme/shop/db#password for one property of it';

/** A secret in the platform's store: its key there, and `#property` for one part of it. */
export const secretReference = bounded(
  400,
  /^[A-Za-z0-9][A-Za-z0-9._/-]{0,252}(#[A-Za-z0-9][A-Za-z0-9._-]{0,100})?$/,
  REFERENCE,
).refine((text) => text.includes('/') || !looksLikeCredential(text), `${REFERENCE}; ${SECRET_ITSELF}`);

/**
 * The Secret for values that are encrypted in Git. It has the same name in all previews, since values are encrypted
 * once.
 */
export const COMMITTED_SECRET = 'preview-secrets';

/**
 * The key in that Secret for a reference: `stripe` for `acme/shop/stripe`, `db.password` for `acme/shop/db#password`.
 */
export function lastPart(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1).replace('#', '.');
}
