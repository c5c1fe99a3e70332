import { ALL_RECONCILERS } from '../reconcilers/index.ts';
import { CREDENTIAL_VARIABLES } from './credentials.ts';
import { METADATA_CEL } from './metadata.ts';
import type { Variable } from './variable.ts';

// `dyn()` prevents type errors for fields that only some of the matched kinds have. If the template is missing, the pod
// is an empty map without containers.
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
  { name: 'podLabels', expression: 'variables.pod.?metadata.?labels.orValue({})' },
  {
    name: 'podAnnotations',
    expression: 'variables.pod.?metadata.?annotations.orValue({})',
  },
  { name: 'metadata', expression: METADATA_CEL },
  // With user namespaces, root in the pod is not root on the node, so the Pod Security Standards allow more.
  { name: 'userNamespace', expression: 'variables.podSpec.?hostUsers.orValue(true) == false' },
  { name: 'windows', expression: 'variables.podSpec.?os.?name.orValue("") == "windows"' },
  // Containers that run during the life of the pod or before it. Debug containers cannot have resources.
  {
    name: 'ownContainers',
    expression: 'variables.podSpec.?containers.orValue([]) + variables.podSpec.?initContainers.orValue([])',
  },
  {
    name: 'containers',
    expression: 'variables.ownContainers + variables.podSpec.?ephemeralContainers.orValue([])',
  },
  ...CREDENTIAL_VARIABLES,
  ...ALL_RECONCILERS.flatMap(({ pinned }) => pinned.variables),
];

/** The variables that a CEL text uses, directly or through others, in declaration order. */
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
