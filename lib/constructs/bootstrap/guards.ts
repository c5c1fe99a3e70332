import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { PREVIEW_LABEL, PREVIEW_PREFIX } from '../../model/labels.ts';

interface Validation {
  readonly expression: string;
  readonly message: string;
}

interface GuardProps {
  readonly name: string;
  readonly rule: Readonly<Record<string, unknown>>;
  readonly when: string;
  readonly variables?: readonly { readonly name: string; readonly expression: string }[];
  readonly validations: readonly Validation[];
}

/** A ValidatingAdmissionPolicy with its binding, both of one name; it refuses when it cannot decide. */
export class Guard extends Construct {
  readonly apiObjects: readonly ApiObject[];

  constructor(scope: Construct, id: string, props: GuardProps) {
    super(scope, id);
    const { name } = props;
    const apiVersion = 'admissionregistration.k8s.io/v1';
    const policy = new ApiObject(this, 'policy', {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: [props.rule] },
        matchConditions: [{ name: 'applies', expression: props.when }],
        variables: props.variables,
        validations: props.validations,
      },
    });
    const binding = new ApiObject(this, 'binding', {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    });
    this.apiObjects = [policy, binding];
  }
}

const username = (namespace: string, account: string) =>
  `request.userInfo.username == 'system:serviceaccount:${namespace}:${account}'`;

const labelOf = (object: string) => `${object}.metadata.?labels[?'${PREVIEW_LABEL}'].orValue('')`;

/**
 * RBAC cannot select namespaces by name or label, so that an account which makes namespaces can write into all of them.
 * This holds it to namespaces that are a preview's: by name, and by the label that only greenroom's fences carry. An
 * older namespace whose name happens to start with `pr-` is not adopted.
 */
export function fencerGuard(scope: Construct, id: string, namespace: string, account: string): Guard {
  const isNamespace = "request.resource.group == '' && request.resource.resource == 'namespaces'";
  return new Guard(scope, id, {
    name: 'greenroom-fencer',
    rule: { apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['*/*'] },
    when: username(namespace, account),
    validations: [
      {
        expression: [
          `${isNamespace}`,
          `? request.name.startsWith('${PREVIEW_PREFIX}')`,
          `&& (request.operation == 'CREATE' || ${labelOf('oldObject')} == request.name)`,
          `&& (request.operation == 'DELETE' || ${labelOf('object')} == request.name)`,
          `: request.namespace.startsWith('${PREVIEW_PREFIX}') && namespaceObject != null`,
          `&& ${labelOf('namespaceObject')} == request.namespace`,
        ].join('\n'),
        message: `${account} may touch only previews: namespaces named ${PREVIEW_PREFIX}* that carry their name in the label ${PREVIEW_LABEL}`,
      },
    ],
  });
}

/** The cleaner deletes namespaces, so that its mistakes must end at namespaces of previews. */
export function cleanerGuard(scope: Construct, id: string, namespace: string, account: string): Guard {
  return new Guard(scope, id, {
    name: 'greenroom-cleaner',
    rule: { apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['*/*'] },
    when: username(namespace, account),
    validations: [
      {
        expression: [
          "request.operation == 'DELETE' && request.resource.group == '' && request.resource.resource == 'namespaces'",
          `&& request.name.startsWith('${PREVIEW_PREFIX}') && ${labelOf('oldObject')} == request.name`,
        ].join('\n'),
        message: `${account} may only delete namespaces of previews`,
      },
    ],
  });
}

export interface ApplicationGuardProps {
  /** Argo CD's namespace. */
  readonly namespace: string;
  readonly repoUrl: string;
  readonly branch: string;
  /** Address of the API server by name of the cluster. */
  readonly servers: Readonly<Record<string, string>>;
  /** Project by folder of the preview. */
  readonly projects: { readonly fence: string; readonly app: string };
}

/**
 * An Application that uses a project of previews must be exactly one that the ApplicationSets would make: named after
 * its preview, one folder of the apps repo, the cluster of that folder, the namespace of that preview. So nobody who
 * may write Applications can borrow a preview's permissions, or point a preview elsewhere.
 */
export function applicationGuard(scope: Construct, id: string, props: ApplicationGuardProps): Guard {
  const { fence, app } = props.projects;
  const projects = `['${fence}', '${app}']`;
  return new Guard(scope, id, {
    name: 'greenroom-applications',
    rule: {
      apiGroups: ['argoproj.io'],
      apiVersions: ['*'],
      operations: ['CREATE', 'UPDATE'],
      resources: ['applications'],
    },
    when: [
      `object.spec.project in ${projects} || request.namespace.startsWith('${PREVIEW_PREFIX}')`,
      `|| (request.operation == 'UPDATE' && oldObject.spec.project in ${projects})`,
    ].join('\n'),
    variables: [
      { name: 'path', expression: "object.spec.?source.?path.orValue('').split('/')" },
      { name: 'preview', expression: "size(variables.path) == 5 ? variables.path[3] : ''" },
      { name: 'servers', expression: celMap(props.servers) },
    ],
    validations: [
      {
        expression: `request.namespace == ${cel(props.namespace)} && object.spec.project in ${projects}`,
        message: `Applications of previews live in the namespace ${props.namespace} and stay in their project`,
      },
      {
        expression: [
          `has(object.spec.source) && size(object.spec.?sources.orValue([])) == 0`,
          `&& object.spec.source.repoURL == ${cel(props.repoUrl)}`,
          `&& object.spec.source.?targetRevision.orValue('') == ${cel(props.branch)}`,
          ...['helm', 'kustomize', 'plugin', 'chart', 'ref', 'directory'].map(
            (f) => `&& !has(object.spec.source.${f})`,
          ),
        ].join('\n'),
        message: `an Application of a preview reads plain YAML of ${props.repoUrl} at ${props.branch}`,
      },
      {
        expression: [
          "size(variables.path) == 5 && variables.path[0] == 'previews' && variables.path[1] in variables.servers",
          `&& variables.preview.startsWith('${PREVIEW_PREFIX}')`,
          `&& (object.spec.project == '${fence}'`,
          "? variables.path[4] == 'fence' && object.metadata.name == variables.preview + '-fence'",
          ": variables.path[4] == 'app' && object.metadata.name == variables.preview)",
        ].join('\n'),
        message: "an Application of a preview reads that preview's own folder and is named after it",
      },
      {
        expression: [
          "object.spec.destination.?namespace.orValue('') == variables.preview && !has(object.spec.destination.name)",
          '&& size(variables.path) == 5 && variables.path[1] in variables.servers',
          "&& object.spec.destination.?server.orValue('') == variables.servers[variables.path[1]]",
        ].join('\n'),
        message: "an Application of a preview writes into that preview's own namespace and cluster",
      },
      {
        expression: [
          '!has(object.operation) || !has(object.operation.sync)',
          '|| (!has(object.operation.sync.manifests) && size(object.operation.sync.?sources.orValue([])) == 0',
          '&& (!has(object.operation.sync.source) || object.operation.sync.source.?path == object.spec.?source.?path))',
        ].join('\n'),
        message: 'a preview is synced from its own folder, never from manifests handed in',
      },
    ],
  });
}

/** A CEL string literal; JSON's escapes are CEL's. */
function cel(text: string): string {
  return JSON.stringify(text);
}

function celMap(map: Readonly<Record<string, string>>): string {
  return `{${Object.entries(map)
    .map(([key, value]) => `${cel(key)}: ${cel(value)}`)
    .join(', ')}}`;
}
