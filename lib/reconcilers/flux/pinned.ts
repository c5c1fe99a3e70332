import { FENCER_ACCOUNT, PREVIEW_PREFIX } from '../../model/labels.ts';
import type { PinnedObjects } from '../reconciler.ts';
import { APPS_REPO_SOURCE, KUSTOMIZATION } from './kustomization.ts';

const SPEC = 'dyn(object).?spec';

/** Whether a Kustomization belongs to previews, by its name, target, account or path. */
const IS_PREVIEW = `(object.kind == "Kustomization" && (object.metadata.?name.orValue("").startsWith("${PREVIEW_PREFIX}") || ${SPEC}.?targetNamespace.orValue("").startsWith("${PREVIEW_PREFIX}") || ${SPEC}.?serviceAccountName.orValue("") == params.application.fencer || ${SPEC}.?serviceAccountName.orValue("").startsWith("${PREVIEW_PREFIX}") || (${SPEC}.?sourceRef.?name.orValue("") == params.application.gitRepository && ${SPEC}.?path.orValue("").matches("(^|/)previews(/|$)|[.][.]|^[./]*$"))))`;

const onKustomization = (cel: string, field: string) => ({
  cel: `!variables.kustomizationOfPreview || (${cel})`,
  field,
});

const PATH = 'variables.kustomizationPath';
/** Fields that do not change the objects that were committed. */
const KUSTOMIZATION_FIELDS = [
  'decryption',
  'deletionPolicy',
  'dependsOn',
  'interval',
  'path',
  'prune',
  'retryInterval',
  'serviceAccountName',
  'sourceRef',
  'suspend',
  'targetNamespace',
  'timeout',
  'wait',
];

const DECRYPTION = `${SPEC}.?decryption`;
const PREVIEW = `(${PATH}.size() == 6 ? ${PATH}[4] : "")`;
const PART = `(${PATH}.size() == 6 ? ${PATH}[5] : "")`;
const FENCE = `${PART} == "fence"`;

/** Source: Flux documentation, multi-tenancy lockdown. */
export const pinned: PinnedObjects = {
  kinds: [KUSTOMIZATION],
  params: { gitRepository: APPS_REPO_SOURCE, fencer: FENCER_ACCOUNT },
  variables: [
    { name: 'kustomizationPath', expression: `${SPEC}.?path.orValue("").split("/")` },
    { name: 'kustomizationOfPreview', expression: IS_PREVIEW },
  ],
  conditions: [
    onKustomization(
      `${SPEC}.?sourceRef.?kind.orValue("") == "GitRepository" && ${SPEC}.?sourceRef.?name.orValue("") == params.application.gitRepository && ${SPEC}.?sourceRef.?namespace.orValue(object.metadata.?namespace.orValue("")) == object.metadata.?namespace.orValue("")`,
      'spec.sourceRef',
    ),
    onKustomization(
      `${PATH}.size() == 6 && ${PATH}[0] == "." && ${PATH}[1] == "previews" && ${PATH}[2] in params.application.servers && ${PATH}[3] != "" && ${PREVIEW}.matches("^${PREVIEW_PREFIX}[a-z0-9-]{1,60}$") && ${PART} in ["app", "fence"]`,
      'spec.path',
    ),
    // A fence must have none: a target namespace would replace the name of its Namespace.
    onKustomization(`${SPEC}.?targetNamespace.orValue("") == (${FENCE} ? "" : ${PREVIEW})`, 'spec.targetNamespace'),
    onKustomization(`object.metadata.?name.orValue("") == ${PREVIEW} + (${FENCE} ? "-fence" : "")`, 'metadata.name'),
    onKustomization(
      `${SPEC}.?serviceAccountName.orValue("") == (${FENCE} ? params.application.fencer : ${PREVIEW})`,
      'spec.serviceAccountName',
    ),
    // Another key could decrypt a file that only another preview may read.
    onKustomization(
      `!${DECRYPTION}.hasValue() || (!(${FENCE}) && ${DECRYPTION}.?provider.orValue("") == params.application.decryption[?"provider"].orValue("none") && ${DECRYPTION}.?secretRef.?name.orValue("") == params.application.decryption[?"key"].orValue("") && ${DECRYPTION}.orValue({}).all(k, k in ["provider", "secretRef"]))`,
      'spec.decryption',
    ),
    // What is left behind outlives the preview; an app's objects go with the namespace of its fence.
    onKustomization(`${SPEC}.?prune.orValue(false) == true`, 'spec.prune'),
    onKustomization(
      `!(${FENCE}) || ${SPEC}.?deletionPolicy.orValue("") in ["", "Delete", "MirrorPrune", "WaitForTermination"]`,
      'spec.deletionPolicy',
    ),
    onKustomization(
      // The API server adds `force: false`.
      `${SPEC}.orValue({}).all(k, k in [${KUSTOMIZATION_FIELDS.map((field) => `"${field}"`).join(', ')}] || (k == "force" && ${SPEC}.?force.orValue(true) == false))`,
      'spec',
    ),
  ],
};
