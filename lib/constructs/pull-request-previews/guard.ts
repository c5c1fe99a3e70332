import type { Construct } from 'constructs';
import { celLiteral } from '../../policies/engines/cel-text.ts';
import { Guard } from '../bootstrap/guards.ts';

export interface PullRequestGuardProps {
  /** Name of the guard. */
  readonly name: string;
  /** Argo CD's namespace. */
  readonly namespace: string;
  readonly server: string;
  /** What every preview's name starts with; a number follows. */
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
  /** What the names of the Applications end with. */
  readonly suffix: string;
}

const PREVIEW = "object.spec.destination.?namespace.orValue('')";

/** An Application in a project of pull requests must be exactly one that the ApplicationSets would make. */
export function pullRequestGuard(scope: Construct, id: string, props: PullRequestGuardProps): Guard {
  const projects = `[${celLiteral(props.fence.project)}, ${celLiteral(props.app.project)}]`;
  return new Guard(scope, id, {
    name: props.name,
    rule: {
      apiGroups: ['argoproj.io'],
      apiVersions: ['*'],
      operations: ['CREATE', 'UPDATE'],
      resources: ['applications'],
    },
    when: [
      `object.spec.project in ${projects}`,
      `|| (request.operation == 'UPDATE' && oldObject.spec.project in ${projects})`,
    ].join('\n'),
    validations: [
      {
        expression: `request.namespace == ${celLiteral(props.namespace)} && object.spec.project in ${projects}`,
        message: `Applications of pull requests live in the namespace ${props.namespace} and stay in their project`,
      },
      {
        expression: [
          `${PREVIEW}.matches(${celLiteral(`^${props.prefix}[0-9]+$`)}) && !has(object.spec.destination.name)`,
          `&& object.spec.destination.?server.orValue('') == ${celLiteral(props.server)}`,
        ].join('\n'),
        message: `an Application of a pull request writes into its own namespace, ${props.prefix}<number>`,
      },
      {
        expression: [
          'has(object.spec.source) && size(object.spec.?sources.orValue([])) == 0',
          ...['helm', 'kustomize', 'plugin', 'chart', 'ref'].map((field) => `&& !has(object.spec.source.${field})`),
          `&& object.spec.source.?directory.?jsonnet.?tlas.orValue([]).exists(a, a.name == 'name' && a.value == ${PREVIEW})`,
          '&& size(object.spec.source.?directory.?jsonnet.?libs.orValue([])) == 0',
          `&& (object.spec.project == ${celLiteral(props.fence.project)}`,
          `? ${pinned(props.fence)}`,
          `: ${pinned(props.app)})`,
        ].join('\n'),
        message:
          'an Application of a pull request reads the folder that the platform team named, and is named after it',
      },
      {
        expression:
          "object.metadata.?finalizers.orValue([]).all(f, !f.startsWith('post-delete-finalizer.argocd.argoproj.io'))",
        message: 'a hook after the end of a preview would run with the rights of Argo CD itself',
      },
      {
        expression: [
          '!has(object.operation) || !has(object.operation.sync)',
          '|| (!has(object.operation.sync.manifests) && size(object.operation.sync.?sources.orValue([])) == 0',
          '&& (!has(object.operation.sync.source) || object.operation.sync.source == object.spec.source))',
        ].join('\n'),
        message: 'a preview is synced from its own source, never from manifests handed in',
      },
    ],
  });
}

function pinned({ repoUrl, path, revision, suffix }: PinnedSource): string {
  return [
    `object.spec.source.repoURL == ${celLiteral(repoUrl)}`,
    `object.spec.source.?path.orValue('') == ${celLiteral(path)}`,
    `object.spec.source.?targetRevision.orValue('').matches(${celLiteral(`^${revision}$`)})`,
    `object.metadata.name == ${PREVIEW} + ${celLiteral(suffix)}`,
  ].join(' && ');
}
