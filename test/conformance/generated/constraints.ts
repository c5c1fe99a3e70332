import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { sourceOf } from '../go.ts';
import { judgeModule } from '../judges.ts';
import type { Manifest } from '../policies/api-server.ts';

/**
 * The definition that Gatekeeper makes of a ConstraintTemplate without parameters: the kind that the template names,
 * with Gatekeeper's own schema of `match`.
 */
export async function constraintDefinition(template: Manifest): Promise<Manifest> {
  const { kind } = (template['spec'] as { crd: { spec: { names: { kind: string } } } }).crd.spec.names;
  const root = await sourceOf('github.com/open-policy-agent/gatekeeper/v3', judgeModule('gator'));
  const match = parse(readFileSync(join(root, 'config/crd/bases/match.gatekeeper.sh_matchcrd.yaml'), 'utf8'));
  const { embeddedMatch } = match.spec.versions[0].schema.openAPIV3Schema.properties;
  const plural = kind.toLowerCase();
  const spec = { type: 'object', properties: { enforcementAction: { type: 'string' }, match: embeddedMatch } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.constraints.gatekeeper.sh` },
    spec: {
      group: 'constraints.gatekeeper.sh',
      scope: 'Cluster',
      names: { kind, plural, singular: plural, listKind: `${kind}List` },
      versions: [
        {
          name: 'v1beta1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
        },
      ],
    },
  };
}
