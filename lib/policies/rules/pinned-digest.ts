import { PODS } from '../resources.ts';
import { defineRule } from '../rule.ts';
import { exampleEvidence } from './evidence.ts';
import { examplePod } from './examples.ts';
import { onImages } from './images.ts';

export const pinnedDigest = defineRule({
  id: 'pinned-digest',
  title: 'Images by digest',
  message: 'An image is named by a tag, which can change: name it by its digest (@sha256:...), or ask {contact}.',
  source: 'NSA/CISA Kubernetes Hardening Guide 1.2, image scanning; SLSA',
  why: 'A digest was checked; a tag can point to another image a minute later.',
  scope: 'makers',
  match: PODS,
  active: ({ evidence }) => evidence.length > 0,
  conditions: onImages((image) => `${image}.matches("@sha256:[a-f0-9]{64}$")`),
  examples: { good: exampleEvidence(), bad: examplePod({}) },
});
