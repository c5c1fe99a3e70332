import { invalidInput } from '../../../core/errors.ts';
import type { ImageCompiler } from './image-policy.ts';

/** Every list of a pod that may contain an image. Kyverno's defaults omit image volumes. */
const LISTS = [
  ...['containers', 'initContainers', 'ephemeralContainers'].map((list) => ({
    name: list,
    path: `/spec/${list}/*/image`,
    key: 'name',
  })),
  { name: 'volumes', path: '/spec/volumes/*/image/reference' },
];

/**
 * `verifyImages` of Kyverno's ClusterPolicy: reads signatures in cosign's older layout. It cannot read bundles that are
 * signed with a key (https://github.com/kyverno/kyverno/issues/14233).
 */
export const kyvernoLegacyImages: ImageCompiler = (id, policy, { keys, previewLabel }) => {
  if (id !== 'signed-image') return [];
  const { previews = [], repositories = [] } = policy.excepted ?? {};
  if (repositories.length > 0) {
    const message = `cannot except ${repositories.join(', ')} in verifyImages, which knows a preview's namespace alone: except its previews by name, or set evidence.verifier: kyverno`;
    throw invalidInput([{ field: id, message }]);
  }
  const warns = policy.severity === 'warn';
  const entries = keys.map((publicKeys) => ({
    keys: { publicKeys, rekor: { ignoreTlog: true }, ctlog: { ignoreSCT: true } },
  }));
  const rule = {
    name: policy.name,
    match: {
      any: [
        {
          resources: {
            kinds: ['*/Pod', '*/Pod/ephemeralcontainers'],
            operations: ['CREATE', 'UPDATE'],
            namespaceSelector: { matchExpressions: [{ key: previewLabel, operator: 'Exists' }] },
          },
        },
      ],
    },
    ...(previews.length > 0 && { exclude: { any: [{ resources: { namespaces: previews } }] } }),
    imageExtractors: { Pod: LISTS },
    verifyImages: [
      {
        imageReferences: ['*'],
        failureAction: warns ? 'Audit' : 'Enforce',
        attestors: [{ count: 1, entries }],
        // The committed digests are what runs; Kyverno must not change them.
        mutateDigest: false,
        verifyDigest: true,
        required: true,
      },
    ],
  };
  return [
    {
      apiVersion: 'kyverno.io/v1',
      kind: 'ClusterPolicy',
      metadata: {
        name: `${policy.name}-verified`,
        annotations: {
          'policies.kyverno.io/title': policy.title,
          'policies.kyverno.io/description': policy.message,
          'pod-policies.kyverno.io/autogen-controllers': 'none',
        },
      },
      spec: { failurePolicy: 'Fail', background: false, ...(warns && { emitWarning: true }), rules: [rule] },
    },
  ];
};
