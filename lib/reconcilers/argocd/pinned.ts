import { PREVIEW_PREFIX } from '../../model/labels.ts';
import type { PinnedObjects } from '../reconciler.ts';
import { FINALIZERS, PLAIN_YAML, SYNC_OPTIONS } from './application.ts';
import { FENCES_PROJECT, PREVIEWS_PROJECT, PULL_REQUEST_PROJECTS } from './names.ts';

const SPEC = 'dyn(object).?spec';
const SOURCE = 'variables.appSource';
const NAMESPACE = 'variables.appNamespace';
const PATH = 'variables.appPath';
const FENCE = `${SPEC}.?project.orValue("") == params.application.fenceProject`;
/** A manual sync may name another source than the Application, or contain manifests. */
const SYNC = 'dyn(object).?operation.?sync';
/** An automatic sync names the commit that Argo CD has compared. */
const REVISION = `${SYNC}.?revision.orValue("")`;

/** Applications of the preview projects, or into preview namespaces: they must be exactly as greenroom writes them. */
const IS_PREVIEW = `object.kind == "Application" && (${SPEC}.?project.orValue("") in [params.application.fenceProject, params.application.appProject] || (${NAMESPACE}.startsWith("${PREVIEW_PREFIX}") && !variables.appOfPullRequest))`;

const onPreview = (cel: string, field: string) => ({ cel: `!variables.appOfPreview || (${cel})`, field });
const onPullRequest = (cel: string, field: string) => ({ cel: `!variables.appOfPullRequest || (${cel})`, field });
const onEither = (cel: string, field: string) => ({
  cel: `!(variables.appOfPreview || variables.appOfPullRequest) || (${cel})`,
  field,
});

/** Whether a project `pull-request-<part>-<repo>` may use the namespace `pr-<repo>-<n>`. */
function ofRepository(part: string): string {
  const project = `${SPEC}.?project.orValue("")`;
  const prefix = `${PULL_REQUEST_PROJECTS}${part}-`;
  return `(${project}.startsWith("${prefix}") && ${NAMESPACE}.startsWith("${PREVIEW_PREFIX}" + ${project}.split("${prefix}")[1] + "-"))`;
}

const listed = (texts: readonly string[]) => `[${texts.map((text) => `"${text}"`).join(', ')}]`;

/** A folder of the apps repo, read as plain YAML. An empty `jsonnet` is allowed, since Argo CD adds it. */
function plainSource(source: string): string {
  return [
    `${source}.?repoURL.orValue("") == params.application.repoURL`,
    `${source}.?targetRevision.orValue("") == params.application.branch`,
    `${source}.all(k, k in ["repoURL", "targetRevision", "path", "directory"])`,
    `${source}.?directory.?include.orValue("") == "${PLAIN_YAML}"`,
    `${source}.?directory.orValue({}).all(k, k in ["include", "exclude", "jsonnet"])`,
    // No file matches this pattern; see the ApplicationSets for its purpose.
    `${source}.?directory.?exclude.orValue("attempt-0").matches("^attempt-[0-9]+$")`,
    `${source}.?directory.?jsonnet.orValue({}) == dyn({})`,
  ].join(' && ');
}

/** No sync option that replaces objects, creates namespaces, or takes over objects of others. */
const plainOptions = (where: string) => `${where}.?syncOptions.orValue([]).all(o, o in ${listed(SYNC_OPTIONS)})`;

/** Source: Argo CD documentation, projects and tenancy. */
export const pinned: PinnedObjects = {
  kinds: [{ group: 'argoproj.io', kind: 'Application', resource: 'applications' }],
  params: { fenceProject: FENCES_PROJECT, appProject: PREVIEWS_PROJECT },
  variables: [
    { name: 'appSource', expression: `${SPEC}.?source.orValue({})` },
    { name: 'appNamespace', expression: `${SPEC}.?destination.?namespace.orValue("")` },
    { name: 'appPath', expression: `${SOURCE}.?path.orValue("").split("/")` },
    // Each repository of these has its own guard, which checks the sources.
    {
      name: 'appOfPullRequest',
      expression: `object.kind == "Application" && ${SPEC}.?project.orValue("").startsWith("${PULL_REQUEST_PROJECTS}")`,
    },
    { name: 'appOfPreview', expression: IS_PREVIEW },
  ],
  conditions: [
    onPreview(
      `${SPEC}.?project.orValue("") in [params.application.fenceProject, params.application.appProject]`,
      'spec.project',
    ),
    onPreview(plainSource(SOURCE), 'spec.source'),
    onEither(`!${SPEC}.?sources.hasValue() && !${SPEC}.?sourceHydrator.hasValue()`, 'spec.sources'),
    onPreview(
      `${PATH}.size() == 5 && ${PATH}[0] == "previews" && ${PATH}[1] in params.application.servers && ${PATH}[2] != "" && ${PATH}[3] == ${NAMESPACE} && ${PATH}[4] == (${FENCE} ? "fence" : "app")`,
      'spec.source.path',
    ),
    onPreview(
      `${NAMESPACE}.matches("^${PREVIEW_PREFIX}[a-z0-9-]{1,60}$") && !${SPEC}.?destination.?name.hasValue() && ${PATH}.size() == 5 && ${SPEC}.?destination.?server.orValue("") == params.application.servers[?${PATH}[1]].orValue("none")`,
      'spec.destination',
    ),
    onPreview(`object.metadata.?name.orValue("") == ${NAMESPACE} + (${FENCE} ? "-fence" : "")`, 'metadata.name'),
    onPreview(
      `!${SYNC}.?source.hasValue() || (${plainSource(`${SYNC}.?source.orValue({})`)} && ${SYNC}.?source.?path.orValue("") == ${SOURCE}.?path.orValue(""))`,
      'operation.sync.source',
    ),
    onEither(
      `!${SYNC}.?manifests.hasValue() && !${SYNC}.?sources.hasValue() && !${SYNC}.?revisions.hasValue()`,
      'operation.sync',
    ),
    // A forced sync deletes what it cannot change, a fence's Namespace too.
    onEither(
      `${SYNC}.?syncStrategy.?apply.?force.orValue(false) == false && ${SYNC}.?syncStrategy.?hook.?force.orValue(false) == false`,
      'operation.sync.syncStrategy',
    ),
    onEither(`${SPEC}.?ignoreDifferences.orValue([]).size() == 0`, 'spec.ignoreDifferences'),
    onEither(
      'object.metadata.?annotations[?"argocd.argoproj.io/skip-reconcile"].orValue("false") == "false"',
      'metadata.annotations["argocd.argoproj.io/skip-reconcile"]',
    ),
    onPreview(
      `${REVISION} == "" || ${REVISION} == params.application.branch || (dyn(object).?operation.?initiatedBy.?automated.orValue(false) == true && ${REVISION}.matches("^[0-9a-f]{40}$"))`,
      'operation.sync.revision',
    ),
    // A project of this kind is for one repository: its previews, in this platform's clusters.
    onPullRequest(
      `params.application.servers.exists(k, params.application.servers[k] == ${SPEC}.?destination.?server.orValue("")) && !${SPEC}.?destination.?name.hasValue()`,
      'spec.destination.server',
    ),
    onPullRequest(
      `${NAMESPACE}.matches("^${PREVIEW_PREFIX}[a-z0-9-]{1,60}-[0-9]+$") && (${ofRepository('fences')} || ${ofRepository('previews')})`,
      'spec.destination.namespace',
    ),
    onPullRequest(
      `object.metadata.?name.orValue("") == ${NAMESPACE} || object.metadata.?name.orValue("") == ${NAMESPACE} + "-fence"`,
      'metadata.name',
    ),
    onEither(
      `!${SPEC}.?syncPolicy.?managedNamespaceMetadata.hasValue() && ${plainOptions(`${SPEC}.?syncPolicy`)} && ${plainOptions(SYNC)}`,
      'spec.syncPolicy',
    ),
    // With any other finalizer, a deletion would run hooks from the folder with Argo CD's own permissions.
    onEither(`object.metadata.?finalizers.orValue([]).all(f, f in ${listed(FINALIZERS)})`, 'metadata.finalizers'),
  ],
};
