import { PODS } from '../resources.ts';
import { defineRule } from '../rule.ts';
import { isReference, onImages } from './images.ts';

/** Whole path segments: a registry that is itself a repository must be followed by nothing, a tag or a digest. */
const from = (image: string): string =>
  `params.registries.exists(r, ${image}.startsWith(r + "/") || (r.contains("/") && (${image} == r || ${image}.startsWith(r + ":") || ${image}.startsWith(r + "@"))))`;

const pod = (image: string) => `
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - { name: web, image: "${image}" }
`;

export const allowedRegistries = defineRule({
  id: 'allowed-registries',
  title: 'Images from known registries only',
  message:
    'An image is from a registry that previews must not use, or its name is incomplete: push it to {registries} and write its full name, or ask {contact}.',
  source: 'CIS Kubernetes Benchmark 5.5.1; NSA/CISA Kubernetes Hardening Guide 1.2, image scanning',
  why: 'Everybody can push images to a public registry, with a name that looks like yours.',
  scope: 'makers',
  match: PODS,
  conditions: onImages((image) => `${isReference(image)} && ${from(image)}`),
  examples: { good: pod('ghcr.io/acme/shop:pr-7-a1b2c3d'), bad: pod('ghcr.io.evil.example/acme/shop') },
});
