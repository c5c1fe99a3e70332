import type { AdmissionPolicy, KubeObject } from '../policy.ts';

/** Signing keys, and registries of images. */
export interface ImageOptions {
  /** PEM. */
  readonly keys: readonly string[];
  /** Host and whole path segments. */
  readonly registries: readonly string[];
  readonly previewLabel: string;
}

/**
 * Compiles image verification for one verifier: it reads the registry itself, for every pod, whoever creates it. The
 * result is added to the policy of a rule that requires evidence, with its severity, message and exceptions. Empty for
 * rules that the verifier cannot check.
 *
 * @param id id of the rule from which the policy was compiled
 * @throws GreenroomError `invalid-input` for exceptions that the verifier does not support
 */
export type ImageCompiler = (id: string, policy: AdmissionPolicy, options: ImageOptions) => KubeObject[];
