import type { AdmissionPolicy, KubeObject } from '../policy.ts';

/** Who signs, and where images lie. */
export interface ImageOptions {
  /** PEM. */
  readonly keys: readonly string[];
  /** Host and whole path segments. */
  readonly registries: readonly string[];
  readonly previewLabel: string;
}

/**
 * Writes down, for one verifier, that images are verified by it: the verifier reads the registry itself, for every pod,
 * whoever makes it. Stands beside the policy of a rule that asks for evidence, with its severity, message and exceptions;
 * nothing for rules about which the verifier can say nothing.
 *
 * @param id of the rule that the policy was made of
 * @throws GreenroomError `invalid-input` for exceptions that the verifier cannot make
 */
export type ImageCompiler = (id: string, policy: AdmissionPolicy, options: ImageOptions) => KubeObject[];
