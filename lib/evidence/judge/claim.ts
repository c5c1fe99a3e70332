import type { Signer } from '../signatures/check.ts';
import type { Statement } from '../signatures/statement.ts';

/** A statement about the image by somebody whom the platform trusts. */
export interface Claim extends Statement {
  readonly signer: Signer;
}
