import { PODS } from '../resources.ts';
import { defineRule } from '../rule.ts';
import { evidenceEntries, exampleEvidence, onDigests } from './evidence.ts';

export const builtFromCommit = defineRule({
  id: 'built-from-commit',
  title: 'Images built from the commit that the preview shows',
  message:
    'There is no proof that an image was built from this repository and this commit: let your build sign it keyless or attest its provenance, or ask {contact}.',
  source: 'SLSA',
  why: 'A valid signature of an image of another repository, or of an older commit, proves nothing about this one.',
  scope: 'makers',
  match: PODS,
  active: ({ evidence }) => evidence.includes('provenance'),
  conditions: onDigests((digest) => `${evidenceEntries('provenance')}.exists(e, e == ${digest})`),
  examples: { good: exampleEvidence('provenance: "DIGEST"'), bad: exampleEvidence() },
});
