import { PREVIEW_PREFIX } from '../../model/labels.ts';
import type { PinnedObjects } from '../reconciler.ts';
import { FENCES_PROJECT, PREVIEWS_PROJECT, PULL_REQUEST_PROJECTS } from './names.ts';

const SPEC = 'dyn(object).?spec';
const SOURCE = `${SPEC}.?source`;
const DESTINATION = `${SPEC}.?destination`;
const PROJECT = `${SPEC}.?project.orValue("")`;

/**
 * Applications of the preview projects, or into preview namespaces: those that have to look as greenroom makes them.
 * Projects of pull requests have a guard each that pins their Applications, by sources that only it knows.
 */
const PREVIEW_APPLICATION = `(object.kind == "Application" && (${PROJECT} in [params.application.fenceProject, params.application.appProject] || (${DESTINATION}.?namespace.orValue("").startsWith("${PREVIEW_PREFIX}") && !${PROJECT}.startsWith("${PULL_REQUEST_PROJECTS}"))))`;

const onApplication = (cel: string, field: string) => ({ cel: `!${PREVIEW_APPLICATION} || (${cel})`, field });

const NAMESPACE = `${DESTINATION}.?namespace.orValue("")`;
const PATH = `${SOURCE}.?path.orValue("").split("/")`;
const FENCE = `${SPEC}.?project.orValue("") == params.application.fenceProject`;

/** A sync that somebody starts may name another source than the Application, or bring manifests along. */
const SYNC = 'dyn(object).?operation.?sync';
/** Argo CD itself, when it syncs, names the commit that it has compared. */
const REVISION = `${SYNC}.?revision.orValue("")`;

/** Source: Argo CD documentation, projects and tenancy. */
export const pinned: PinnedObjects = {
  kinds: [{ group: 'argoproj.io', kind: 'Application', resource: 'applications' }],
  params: { fenceProject: FENCES_PROJECT, appProject: PREVIEWS_PROJECT },
  conditions: [
    onApplication(
      `${SPEC}.?project.orValue("") in [params.application.fenceProject, params.application.appProject]`,
      'spec.project',
    ),
    onApplication(
      `${SOURCE}.?repoURL.orValue("") == params.application.repoURL && ${SOURCE}.?targetRevision.orValue("") == params.application.branch && ${SOURCE}.orValue({}).all(k, k in ["repoURL", "targetRevision", "path", "directory"]) && ${SOURCE}.?directory.orValue({}).all(k, k == "include" && ${SOURCE}.?directory.?include.orValue("") == "*.yaml")`,
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
      `!${SYNC}.?manifests.hasValue() && !${SYNC}.?sources.hasValue() && !${SYNC}.?revisions.hasValue() && (!${SYNC}.?source.hasValue() || dyn(object).operation.sync.source == dyn(object).spec.source) && (${REVISION} == "" || ${REVISION} == params.application.branch || (dyn(object).?operation.?initiatedBy.?automated.orValue(false) == true && ${REVISION}.matches("^[0-9a-f]{40}$")))`,
      'operation.sync',
    ),
    onApplication(
      `!${SPEC}.?syncPolicy.?managedNamespaceMetadata.hasValue()`,
      'spec.syncPolicy.managedNamespaceMetadata',
    ),
    // A hook that runs after the end would run with Argo CD's own account, outside of the preview.
    onApplication(
      'dyn(object).metadata.?finalizers.orValue([]).all(f, !f.startsWith("post-delete-finalizer.argocd.argoproj.io"))',
      'metadata.finalizers',
    ),
  ],
};
