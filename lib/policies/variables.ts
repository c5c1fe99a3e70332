import { CREDENTIAL_VARIABLES } from './credentials.ts';
import { METADATA_CEL } from './metadata.ts';

/**
 * A named part of CEL, read as `variables.<name>`. All engines have such variables and evaluate one at most once for
 * an object; a variable may use those that stand before it.
 */
export interface Variable {
  readonly name: string;
  readonly expression: string;
}

// `dyn()` keeps a type checker from refusing fields that only some of the matched kinds have. No pod where a template
// is missing altogether: the empty map has no containers.
const POD = `
  object.kind == "Pod" || (object.kind == "Revision" && object.apiVersion.startsWith("serving.knative.dev/"))
    ? dyn(object)
  : object.kind == "PodTemplate" ? dyn(object).?template.orValue({})
  : object.kind == "CronJob" ? dyn(object).?spec.?jobTemplate.?spec.?template.orValue({})
  : dyn(object).?spec.?template.orValue({})`;

/** In the order in which engines declare them. */
export const VARIABLES: readonly Variable[] = [
  { name: 'pod', expression: POD.replace(/\s+/g, ' ').trim() },
  { name: 'podSpec', expression: 'variables.pod.?spec.orValue({})' },
  {
    name: 'podAnnotations',
    expression: 'variables.pod.?metadata.?annotations.orValue({})',
  },
  { name: 'metadata', expression: METADATA_CEL },
  // What the Pod Security Standards allow more of, since its root is nobody on the node.
  { name: 'userNamespace', expression: 'variables.podSpec.?hostUsers.orValue(true) == false' },
  { name: 'windows', expression: 'variables.podSpec.?os.?name.orValue("") == "windows"' },
  // Containers that run for the life of the pod or before it; debug containers can hold no resources.
  {
    name: 'ownContainers',
    expression: 'variables.podSpec.?containers.orValue([]) + variables.podSpec.?initContainers.orValue([])',
  },
  {
    name: 'containers',
    expression: 'variables.ownContainers + variables.podSpec.?ephemeralContainers.orValue([])',
  },
  ...CREDENTIAL_VARIABLES,
];

/** The variables that a CEL text uses, directly and through others, in declaration order. */
export function variablesOf(cel: string): Variable[] {
  const used = new Set<string>();
  const visit = (text: string): void => {
    for (const [, name] of text.matchAll(/\bvariables\.(\w+)/g)) {
      if (used.has(name!)) continue;
      used.add(name!);
      visit(VARIABLES.find((v) => v.name === name)?.expression ?? '');
    }
  };
  visit(cel);
  return VARIABLES.filter((v) => used.has(v.name));
}
