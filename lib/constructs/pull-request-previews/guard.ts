import type { Construct } from 'constructs';
import { celLiteral } from '../../policies/engines/cel-text.ts';
import { FINALIZERS, PLAIN_YAML, SYNC_OPTIONS } from '../../reconcilers/argocd/application.ts';
import { Guard } from '../bootstrap/guards.ts';

export interface PullRequestGuardProps {
  /** Name of the guard. */
  readonly name: string;
  /** Argo CD's namespace. */
  readonly namespace: string;
  readonly server: string;
  /** Prefix of every preview's name, before the number. */
  readonly prefix: string;
  readonly fence: PinnedSource;
  readonly app: PinnedSource;
}

export interface PinnedSource {
  readonly project: string;
  readonly repoUrl: string;
  readonly path: string;
  /** An RE2 pattern of the revision. */
  readonly revision: string;
  /** Suffix of the names of the Applications. */
  readonly suffix: string;
}

const PREVIEW = "object.spec.destination.?namespace.orValue('')";

/** An Application in a project of pull requests must be exactly as its ApplicationSet creates it. */
export function pullRequestGuard(scope: Construct, id: string, props: PullRequestGuardProps): Guard {
  const projects = `[${celLiteral(props.fence.project)}, ${celLiteral(props.app.project)}]`;
  return new Guard(scope, id, {
    name: props.name,
    rule: [
      {
        apiGroups: ['argoproj.io'],
        apiVersions: ['*'],
        operations: ['CREATE', 'UPDATE'],
        resources: ['applications'],
      },
    ],
    when: [
      `object.spec.project in ${projects}`,
      `|| (request.operation == 'UPDATE' && oldObject.spec.project in ${projects})`,
    ].join('\n'),
    validations: [
      {
        expression: `request.namespace == ${celLiteral(props.namespace)} && object.spec.project in ${projects}`,
        message: `Applications of pull requests must be in the namespace ${props.namespace} and stay in their project`,
      },
      {
        expression: [
          `${PREVIEW}.matches(${celLiteral(`^${props.prefix}[0-9]+$`)}) && !has(object.spec.destination.name)`,
          `&& object.spec.destination.?server.orValue('') == ${celLiteral(props.server)}`,
        ].join('\n'),
        message: `an Application of a pull request may only write into its own namespace, ${props.prefix}<number>`,
      },
      {
        expression: [
          'has(object.spec.source) && size(object.spec.?sources.orValue([])) == 0',
          ...['kustomize', 'plugin', 'chart', 'ref'].map((field) => `&& !has(object.spec.source.${field})`),
          `&& (object.spec.project == ${celLiteral(props.fence.project)}`,
          `? ${pinned(props.fence)} && ${fenceValues(props.prefix)}`,
          `: ${pinned(props.app)} && ${PLAIN_DIRECTORY})`,
        ].join('\n'),
        message:
          'an Application of a pull request must read the folder that the platform team configured, and be named accordingly',
      },
      {
        expression: `object.metadata.?finalizers.orValue([]).all(f, f in [${FINALIZERS.map(celLiteral).join(', ')}])`,
        message: 'an Application of a pull request must have no other finalizers: they would run deletion hooks',
      },
      {
        expression: [
          '!has(object.spec.syncPolicy)',
          '|| (!has(object.spec.syncPolicy.managedNamespaceMetadata)',
          `&& object.spec.syncPolicy.?syncOptions.orValue([]).all(o, o in [${SYNC_OPTIONS.map(celLiteral).join(', ')}]))`,
        ].join('\n'),
        message: 'an Application of a pull request must have the sync options of its ApplicationSet',
      },
      {
        expression: [
          '!has(object.operation) || !has(object.operation.sync)',
          '|| (!has(object.operation.sync.manifests) && size(object.operation.sync.?sources.orValue([])) == 0',
          '&& (!has(object.operation.sync.source) || object.operation.sync.source == object.spec.source))',
        ].join('\n'),
        message: 'a preview must be synced from its own source, not from other manifests',
      },
    ],
  });
}

/** The fence's chart gets only the preview's name and number. */
function fenceValues(prefix: string): string {
  const values = 'object.spec.source.?helm.?parameters.orValue([])';
  return [
    "!has(object.spec.source.directory) && object.spec.source.?helm.orValue({}).all(k, k == 'parameters')",
    `size(${values}) == 2`,
    `${values}.exists(p, p.name == 'name' && p.value == ${PREVIEW})`,
    `${values}.exists(p, p.name == 'number' && ${celLiteral(prefix)} + p.value == ${PREVIEW})`,
  ].join(' && ');
}

const PLAIN_DIRECTORY = [
  '!has(object.spec.source.helm)',
  `object.spec.source.?directory.?include.orValue('') == ${JSON.stringify(PLAIN_YAML)}`,
  "object.spec.source.?directory.?recurse.orValue(false) == false && object.spec.source.?directory.?exclude.orValue('') == ''",
  'object.spec.source.?directory.?jsonnet.?tlas.orValue([]).size() == 0',
].join(' && ');

function pinned({ repoUrl, path, revision, suffix }: PinnedSource): string {
  return [
    `object.spec.source.repoURL == ${celLiteral(repoUrl)}`,
    `object.spec.source.?path.orValue('') == ${celLiteral(path)}`,
    `object.spec.source.?targetRevision.orValue('').matches(${celLiteral(`^${revision}$`)})`,
    `object.metadata.name == ${PREVIEW} + ${celLiteral(suffix)}`,
  ].join(' && ');
}
