import { invalidInput } from '../../../core/errors.ts';
import type { ImageCompiler } from './image-policy.ts';

/**
 * ClusterImagePolicy of sigstore's policy-controller: reads signatures in cosign's older layout. It refuses bundles
 * that are signed with a key, and one of several authorities is enough for it.
 *
 * It applies to all namespaces that opt in, so it covers only images from the registries of previews. Another rule
 * refuses other images in previews.
 */
export const policyControllerImages: ImageCompiler = (id, policy, { keys, registries }) => {
  if (id !== 'signed-image') return [];
  const excepted = [...(policy.excepted?.previews ?? []), ...(policy.excepted?.repositories ?? [])];
  if (excepted.length > 0) {
    const message = `cannot except ${excepted.join(', ')} for policy-controller, which knows no exceptions: remove the exception, or set evidence.verifier: kyverno`;
    throw invalidInput([{ field: id, message }]);
  }
  return [
    {
      apiVersion: 'policy.sigstore.dev/v1beta1',
      kind: 'ClusterImagePolicy',
      metadata: { name: `${policy.name}-verified` },
      spec: {
        images: registries.map((registry) => ({ glob: `${registry}/**` })),
        mode: policy.severity === 'warn' ? 'warn' : 'enforce',
        authorities: keys.map((data, i) => ({
          name: `key${i + 1}`,
          key: { data, hashAlgorithm: 'sha256' },
          signatureFormat: 'legacy',
        })),
      },
    },
  ];
};
