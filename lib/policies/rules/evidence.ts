import { onImages } from './images.ts';

/**
 * Prefix of the annotations with which the compiler records, on a pod or pod template, the verified evidence of its
 * images.
 */
export const EVIDENCE_PREFIX = 'evidence.greenroom.dev/';

/** CEL: the comma-separated entries of an annotation. */
export function evidenceEntries(name: string): string {
  return `variables.podAnnotations[?"${EVIDENCE_PREFIX}${name}"].orValue("").split(",")`;
}

/** CEL: the digest of an image that is known to have one. */
const digest = (image: string): string => `${image}.split("@")[1]`;

/** Conditions on every image: it has a digest, and an annotation contains that digest. */
export function onDigests(cel: (digest: string) => string): ReturnType<typeof onImages> {
  return onImages((image) => `${image}.split("@").size() == 2 && ${cel(digest(image))}`);
}

const DIGEST = `sha256:${'3f'.repeat(32)}`;

/** A whole Pod with one pinned image and an evidence annotation. */
export function exampleEvidence(annotation?: string): string {
  return [
    'apiVersion: v1',
    'kind: Pod',
    annotation
      ? `metadata: { name: web, annotations: { ${EVIDENCE_PREFIX}${annotation.replace('DIGEST', DIGEST)} } }`
      : 'metadata: { name: web }',
    'spec:',
    '  containers:',
    `    - { name: web, image: "ghcr.io/acme/shop@${DIGEST}" }`,
    '',
  ].join('\n');
}
