import { ADMISSION_SBOM_TYPES } from '../../../model/evidence.ts';
import { validationActions } from '../vap.ts';
import type { ImageCompiler } from './image-policy.ts';

/** Every list of a pod that may contain an image. */
const IMAGES = '(images.containers + images.initContainers + images.ephemeralContainers + images.volumes)';
const VOLUMES =
  'object.?spec.?volumes.orValue([]).filter(v, has(v.image) && has(v.image.reference)).map(v, v.image.reference)';

/** What Kyverno can verify itself, by rule id: predicate types, and the field that one of them must have. */
const DEMANDS: Readonly<Record<string, Readonly<Record<string, { readonly type: string; readonly holds?: string }>>>> =
  {
    // Not Kyverno's verifyImageSignatures: it accepts any attestation as a signature.
    'signed-image': { signature: { type: 'https://sigstore.dev/cosign/sign/v1' } },
    'sbom-attached': {
      spdx: { type: ADMISSION_SBOM_TYPES.spdx, holds: 'predicate.packages' },
      spdxOfGithub: { type: ADMISSION_SBOM_TYPES.spdxOfGithub, holds: 'predicate.packages' },
      cyclonedx: { type: ADMISSION_SBOM_TYPES.cyclonedx, holds: 'predicate.components' },
    },
  };

/**
 * Kyverno's ImageValidatingPolicy: reads signatures and SBOMs in bundles.
 *
 * If there are several attestations of one type, Kyverno takes the last one in the order of the registry. For a
 * replaced report or provenance the result would be random, so those are checked by greenroom's notes instead.
 */
export const kyvernoImages: ImageCompiler = (id, policy, { keys, previewLabel }) => {
  const attestations = Object.hasOwn(DEMANDS, id) ? Object.entries(DEMANDS[id] ?? {}) : [];
  if (attestations.length === 0) return [];
  const attestors = keys.map((data, i) => ({
    name: `key${i + 1}`,
    cosign: { key: { data }, ctlog: { insecureIgnoreTlog: true, insecureIgnoreSCT: true } },
  }));
  const by = `[${attestors.map(({ name }) => `attestors.${name}`).join(', ')}]`;
  const shown = attestations.map(([name, { holds }]) => {
    const signed = `verifyAttestationSignatures(image, attestations.${name}, ${by}) > 0`;
    const payload = `extractPayload(image, attestations.${name})`;
    return holds === undefined ? signed : `(${signed} && ${payload}.${holds}.size() > 0)`;
  });
  const excepted = policy.variables.filter(({ name }) => name === 'excepted');
  const expression = `${IMAGES}.all(image, ${shown.join(' || ')})`;
  return [
    {
      apiVersion: 'policies.kyverno.io/v1',
      kind: 'ImageValidatingPolicy',
      metadata: { name: `${policy.name}-verified`, annotations: { 'policies.kyverno.io/title': policy.title } },
      spec: {
        failurePolicy: 'Fail',
        validationActions: validationActions(policy),
        autogen: { podControllers: { controllers: [] } },
        // The committed digests are what runs; Kyverno must not change them.
        validationConfigurations: { mutateDigest: false, verifyDigest: true, required: true },
        matchConstraints: {
          namespaceSelector: { matchExpressions: [{ key: previewLabel, operator: 'Exists' }] },
          resourceRules: [
            {
              apiGroups: [''],
              apiVersions: ['v1'],
              operations: ['CREATE', 'UPDATE'],
              resources: ['pods', 'pods/ephemeralcontainers'],
              scope: 'Namespaced',
            },
          ],
        },
        matchImageReferences: [{ glob: '*' }],
        images: [{ name: 'volumes', expression: VOLUMES }],
        attestors,
        attestations: attestations.map(([name, { type }]) => ({ name, intoto: { type } })),
        ...(excepted.length > 0 ? { variables: excepted } : {}),
        validations: [
          {
            expression: excepted.length > 0 ? `variables.excepted || ${expression}` : expression,
            message: policy.message,
          },
        ],
      },
    },
  ];
};
