import type { Signer } from '../signatures/check.ts';
import type { Statement } from '../signatures/statement.ts';
import type { EvidenceSettings } from '../signatures/trust.ts';

/** A statement about the image by somebody whom the platform trusts. */
export interface Claim extends Statement {
  readonly signer: Signer;
  /** How it lies beside the image: as cosign 3 writes it, or as it did before. */
  readonly layout: EvidenceSettings['layout'];
}
