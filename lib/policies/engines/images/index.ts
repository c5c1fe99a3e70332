import { invalidInput } from '../../../core/errors.ts';
import type { Engine, PlatformSpec } from '../../../model/platform.ts';
import type { ImageCompiler, ImageOptions } from './image-policy.ts';
import { kyvernoImages } from './kyverno.ts';
import { kyvernoLegacyImages } from './kyverno-legacy.ts';
import { policyControllerImages } from './policy-controller.ts';

type Evidence = PlatformSpec['evidence'];
export type Verifier = Evidence['verifier'];

/** How images are verified at admission. */
export interface ImageVerification extends Pick<ImageOptions, 'keys' | 'registries'> {
  readonly verifier: Verifier;
}

export const IMAGE_COMPILERS: Readonly<Record<Verifier, ImageCompiler>> = {
  kyverno: kyvernoImages,
  'kyverno-legacy': kyvernoLegacyImages,
  'policy-controller': policyControllerImages,
};

/** The signature layout that a verifier reads, and the engine that it needs. */
const VERIFIERS: Readonly<Record<Verifier, { readonly layout: Evidence['layout']; readonly engine?: Engine }>> = {
  kyverno: { layout: 'bundle', engine: 'kyverno' },
  'kyverno-legacy': { layout: 'older', engine: 'kyverno-legacy' },
  'policy-controller': { layout: 'older' },
};

/**
 * How images are verified in addition to the policies of an engine; undefined if the platform does not want it, or uses
 * another engine for it.
 *
 * @throws GreenroomError `invalid-input` for settings that the verifier does not support, with the setting that would
 * help
 */
export function imageVerification(platform: PlatformSpec, engine: Engine): ImageVerification | undefined {
  const { evidence, policies, registries } = platform;
  const { admission, verifier, keys } = evidence;
  if (admission === 'notes') return undefined;
  const problem = inexpressible(evidence, policies.engines);
  if (problem !== undefined) throw invalidInput([problem]);
  // A verifier that is not an engine for rules goes with the first engine.
  return engine === (VERIFIERS[verifier].engine ?? policies.engines[0]) ? { verifier, keys, registries } : undefined;
}

function inexpressible({ verifier, layout, require, identities }: Evidence, engines: readonly Engine[]) {
  const needed = VERIFIERS[verifier];
  if (needed.engine !== undefined && !engines.includes(needed.engine)) {
    const message = `can be signatures only with the engine ${needed.engine}: add it to policies.engines, choose another evidence.verifier, or use notes`;
    return { field: 'spec.evidence.admission', message };
  }
  if (identities.length > 0) {
    const why = {
      kyverno: 'Kyverno always requests the roots of the public sigstore',
      'kyverno-legacy': 'Kyverno always requests the roots of the public sigstore',
      'policy-controller': 'policy-controller cannot check the logs of trusted roots of your own in bundles',
    }[verifier];
    const message = `cannot be signatures with identities, since ${why}; use keys alone, or notes`;
    return { field: 'spec.evidence.admission', message };
  }
  if (layout !== needed.layout) {
    const why =
      layout === 'older'
        ? 'this layout has no statement that says "signed", so Kyverno would accept any statement: set bundle, and sign with cosign 3'
        : `${verifier} cannot read bundles that a key has signed: set older, and sign with \`cosign sign --new-bundle-format=false\``;
    return { field: 'spec.evidence.layout', message: `cannot be ${layout} with the verifier ${verifier}: ${why}` };
  }
  if (verifier !== 'kyverno' && !require.includes('signature')) {
    const message = `must contain signature with the verifier ${verifier}, which verifies nothing else; or set evidence.admission: notes`;
    return { field: 'spec.evidence.require', message };
  }
  return undefined;
}
