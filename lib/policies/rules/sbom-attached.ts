import { PODS } from '../resources.ts';
import { defineRule } from '../rule.ts';
import { evidenceEntries, exampleEvidence, onDigests } from './evidence.ts';

export const sbomAttached = defineRule({
  id: 'sbom-attached',
  title: 'Images with a list of their parts',
  message: 'An image comes without the list of its parts (SBOM): let your build attach one, or ask {contact}.',
  source: 'NTIA minimum elements for an SBOM; SLSA',
  why: 'If a library has a vulnerability, the list tells which previews contain it.',
  scope: 'makers',
  match: PODS,
  active: ({ evidence }) => evidence.includes('sbom'),
  conditions: onDigests((digest) => `${evidenceEntries('sbom')}.exists(e, e == ${digest})`),
  examples: { good: exampleEvidence('sbom: "DIGEST"'), bad: exampleEvidence() },
});
