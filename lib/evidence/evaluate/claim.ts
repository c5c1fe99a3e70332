import type { Signer } from '../signatures/check.ts';
import type { Statement } from '../signatures/statement.ts';
import type { EvidenceSettings } from '../signatures/trust.ts';

/** A statement about the image by a signer that the platform trusts. */
export interface Claim extends Statement {
  readonly signer: Signer;
  /** How it is stored: as cosign 3 writes it (`bundle`), or as earlier versions did (`older`). */
  readonly layout: EvidenceSettings['layout'];
}
