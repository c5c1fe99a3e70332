import { PREVIEW_PREFIX, PULL_REQUEST_PROJECTS } from '../../model/labels.ts';
import { APPLICATION, KUSTOMIZATION } from '../resources.ts';
import { type Condition, defineRule } from '../rule.ts';

const SOURCE = 'dyn(object).?spec.?source';
const DESTINATION = 'dyn(object).?spec.?destination';
const SPEC = 'dyn(object).?spec';

const PROJECT = `${SPEC}.?project.orValue("")`;
/**
 * Applications of the preview projects, or into preview namespaces: those that have to look as greenroom makes them.
 * Projects of pull requests have a guard each that pins their Applications, by sources that only it knows.
 */
const PREVIEW_APPLICATION = `(object.kind == "Application" && (${PROJECT} in [params.application.fenceProject, params.application.appProject] || (${DESTINATION}.?namespace.orValue("").startsWith("${PREVIEW_PREFIX}") && !${PROJECT}.startsWith("${PULL_REQUEST_PROJECTS}"))))`;
const PREVIEW_KUSTOMIZATION = `(object.kind == "Kustomization" && (object.metadata.?name.orValue("").startsWith("${PREVIEW_PREFIX}") || ${SPEC}.?targetNamespace.orValue("").startsWith("${PREVIEW_PREFIX}") || ${SPEC}.?path.orValue("").startsWith("./previews/") || ${SPEC}.?path.orValue("").startsWith("previews/")))`;

const onApplication = (cel: string, field: string): Condition => ({
  cel: `!${PREVIEW_APPLICATION} || (${cel})`,
  field,
});
const onKustomization = (cel: string, field: string): Condition => ({
  cel: `!${PREVIEW_KUSTOMIZATION} || (${cel})`,
  field,
});

const NAMESPACE = `${DESTINATION}.?namespace.orValue("")`;
const PATH = `${SOURCE}.?path.orValue("").split("/")`;
const FENCE = `${SPEC}.?project.orValue("") == params.application.fenceProject`;

/** A sync that somebody starts may name another source than the Application, or bring manifests along. */
const SYNC = 'dyn(object).?operation.?sync';

const FLUX_PATH = `${SPEC}.?path.orValue("").split("/")`;
/** What says where, as whom and how often; nothing that would make other objects of what was committed. */
const KUSTOMIZATION_FIELDS = [
  'deletionPolicy',
  'dependsOn',
  'force',
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

const FLUX_PREVIEW = `(${FLUX_PATH}.size() == 6 ? ${FLUX_PATH}[4] : "")`;
const FLUX_PART = `(${FLUX_PATH}.size() == 6 ? ${FLUX_PATH}[5] : "")`;
const FLUX_FENCE = `${FLUX_PART} == "fence"`;

export const ownApplication = defineRule({
  id: 'own-application',
  title: 'Only what greenroom itself deploys',
  message:
    'An Application or Kustomization of a preview has another project, source, path or destination than greenroom gives it: remove it (previews are made from the apps repo), or ask {contact}.',
  source: 'Argo CD documentation: projects and tenancy; Flux documentation: multi-tenancy lockdown',
  why: 'Whoever may point an Application elsewhere may run anything, anywhere that the reconciler can reach.',
  place: 'reconciler',
  match: [APPLICATION, KUSTOMIZATION],
  conditions: [
    onApplication(
      `${SPEC}.?project.orValue("") in [params.application.fenceProject, params.application.appProject]`,
      'spec.project',
    ),
    onApplication(
      `${SOURCE}.?repoURL.orValue("") == params.application.repoURL && ${SOURCE}.?targetRevision.orValue("") == params.application.branch && ${SOURCE}.orValue({}).all(k, k in ["repoURL", "targetRevision", "path"])`,
      'spec.source',
    ),
    onApplication(`!${SPEC}.?sources.hasValue() && !${SPEC}.?sourceHydrator.hasValue()`, 'spec.sources'),
    onApplication(
      `${PATH}.size() == 5 && ${PATH}[0] == "previews" && ${PATH}[1] in params.application.servers && ${PATH}[2] != "" && ${PATH}[3] == ${NAMESPACE} && ${PATH}[4] == (${FENCE} ? "fence" : "app")`,
      'spec.source.path',
    ),
    onApplication(
      `${NAMESPACE}.matches("^${PREVIEW_PREFIX}[a-z0-9-]{1,60}$") && !${DESTINATION}.?name.hasValue() && ${PATH}.size() == 5 && ${DESTINATION}.?server.orValue("") == params.application.servers[?${PATH}[1]].orValue("none")`,
      'spec.destination',
    ),
    onApplication(`object.metadata.?name.orValue("") == ${NAMESPACE} + (${FENCE} ? "-fence" : "")`, 'metadata.name'),
    onApplication(
      `!${SYNC}.?manifests.hasValue() && !${SYNC}.?sources.hasValue() && ${SYNC}.?source.?path.orValue(${SOURCE}.?path.orValue("")) == ${SOURCE}.?path.orValue("") && ${SYNC}.?source.?repoURL.orValue(${SOURCE}.?repoURL.orValue("")) == ${SOURCE}.?repoURL.orValue("")`,
      'operation.sync',
    ),
    onKustomization(
      `${SPEC}.?sourceRef.?kind.orValue("") == "GitRepository" && ${SPEC}.?sourceRef.?name.orValue("") == params.application.gitRepository && ${SPEC}.?sourceRef.?namespace.orValue(object.metadata.?namespace.orValue("")) == object.metadata.?namespace.orValue("")`,
      'spec.sourceRef',
    ),
    onKustomization(
      `${FLUX_PATH}.size() == 6 && ${FLUX_PATH}[0] == "." && ${FLUX_PATH}[1] == "previews" && ${FLUX_PATH}[2] in params.application.servers && ${FLUX_PATH}[3] != "" && ${FLUX_PREVIEW}.matches("^${PREVIEW_PREFIX}[a-z0-9-]{1,60}$") && ${FLUX_PART} in ["app", "fence"]`,
      'spec.path',
    ),
    // A target namespace is written over what a fence says: over the name of its Namespace, too.
    onKustomization(
      `${SPEC}.?targetNamespace.orValue("") == (${FLUX_FENCE} ? "" : ${FLUX_PREVIEW})`,
      'spec.targetNamespace',
    ),
    onKustomization(
      `object.metadata.?name.orValue("") == ${FLUX_PREVIEW} + (${FLUX_FENCE} ? "-fence" : "")`,
      'metadata.name',
    ),
    onKustomization(
      `${SPEC}.?serviceAccountName.orValue("") == (${FLUX_FENCE} ? params.application.fencer : ${FLUX_PREVIEW})`,
      'spec.serviceAccountName',
    ),
    onKustomization(
      `${SPEC}.orValue({}).all(k, k in [${KUSTOMIZATION_FIELDS.map((field) => `"${field}"`).join(', ')}])`,
      'spec',
    ),
  ],
  examples: {
    good: `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: pr-shop-7, namespace: argocd }
spec:
  project: previews
  source:
    repoURL: https://github.com/acme/previews.git
    targetRevision: main
    path: previews/main/shop/pr-shop-7/app
  destination: { server: https://kubernetes.default.svc, namespace: pr-shop-7 }
`,
    bad: `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: pr-shop-7, namespace: argocd }
spec:
  project: default
  source:
    repoURL: https://github.com/mallory/anything.git
    targetRevision: main
    path: .
  destination: { server: https://kubernetes.default.svc, namespace: pr-shop-7 }
`,
  },
});
