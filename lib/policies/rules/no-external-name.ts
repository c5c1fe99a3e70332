import { SERVICE } from '../resources.ts';
import { defineRule } from '../rule.ts';
import { exampleService } from './examples.ts';

const HOST = 'dyn(object).?spec.?externalName.orValue("type ExternalName")';

export const noExternalName = defineRule({
  id: 'no-external-name',
  title: 'No Services for other hosts',
  message: 'A Service points to a host outside of the preview: remove type ExternalName, or ask {contact}.',
  source: 'Advisory for ExternalName services behind an ingress (CVE-2021-25740 and its relatives)',
  why: "Through the ingress, such a Service reaches hosts that the preview's network rules forbid.",
  match: [SERVICE],
  conditions: [
    { cel: 'dyn(object).?spec.?type.orValue("ClusterIP") != "ExternalName"', field: 'spec.type', found: HOST },
    { cel: 'dyn(object).?spec.?externalName.orValue("") == ""', field: 'spec.externalName', found: HOST },
  ],
  examples: {
    good: exampleService('{ ports: [{ port: 80 }] }'),
    bad: exampleService('{ type: ExternalName, externalName: metadata.internal }'),
  },
});
