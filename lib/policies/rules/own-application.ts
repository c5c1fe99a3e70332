import { PREVIEW_PREFIX } from '../../model/labels.ts';
import { APPLICATION, KUSTOMIZATION } from '../resources.ts';
import { type Condition, defineRule } from '../rule.ts';

const SOURCE = 'dyn(object).?spec.?source';
const DESTINATION = 'dyn(object).?spec.?destination';
const SPEC = 'dyn(object).?spec';

/** Applications of the preview projects, or into preview namespaces: those that have to look as greenroom makes them. */
const PREVIEW_APPLICATION = `(object.kind == "Application" && (${SPEC}.?project.orValue("") in [params.application.fenceProject, params.application.appProject] || ${DESTINATION}.?namespace.orValue("").startsWith("${PREVIEW_PREFIX}")))`;
const PREVIEW_KUSTOMIZATION = `(object.kind == "Kustomization" && (${SPEC}.?targetNamespace.orValue("").startsWith("${PREVIEW_PREFIX}") || ${SPEC}.?path.orValue("").startsWith("./previews/") || ${SPEC}.?path.orValue("").startsWith("previews/")))`;

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

const FLUX_PATH = `${SPEC}.?path.orValue("").split("/")`;
const FLUX_NAMESPACE = `${SPEC}.?targetNamespace.orValue("")`;
const FLUX_PART = `(${FLUX_PATH}.size() == 6 ? ${FLUX_PATH}[5] : "")`;

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
      `${SOURCE}.?repoURL.orValue("") == params.application.repoURL && ${SOURCE}.?targetRevision.orValue("") == params.application.branch && ${SOURCE}.orValue({}).all(k, k in ["repoURL", "targetRevision", "path", "directory"])`,
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
    onKustomization(
      `${SPEC}.?sourceRef.?kind.orValue("") == "GitRepository" && ${SPEC}.?sourceRef.?name.orValue("") == params.application.gitRepository && ${SPEC}.?sourceRef.?namespace.orValue(object.metadata.?namespace.orValue("")) == object.metadata.?namespace.orValue("")`,
      'spec.sourceRef',
    ),
    onKustomization(
      `${FLUX_PATH}.size() == 6 && ${FLUX_PATH}[0] == "." && ${FLUX_PATH}[1] == "previews" && ${FLUX_PATH}[2] in params.application.servers && ${FLUX_PATH}[3] != "" && ${FLUX_PATH}[4] == ${FLUX_NAMESPACE} && ${FLUX_PART} in ["app", "fence"]`,
      'spec.path',
    ),
    onKustomization(`${FLUX_NAMESPACE}.matches("^${PREVIEW_PREFIX}[a-z0-9-]{1,60}$")`, 'spec.targetNamespace'),
    onKustomization(
      `${SPEC}.?serviceAccountName.orValue("") == (${FLUX_PART} == "fence" ? params.application.fencer : ${FLUX_NAMESPACE})`,
      'spec.serviceAccountName',
    ),
    onKustomization(
      `!${SPEC}.?kubeConfig.hasValue() && !${SPEC}.?postBuild.hasValue() && !${SPEC}.?patches.hasValue()`,
      'spec.kubeConfig',
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
