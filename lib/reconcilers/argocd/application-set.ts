import { invalidInput } from '../../core/errors.ts';
import type { KubeObject } from '../../model/kube-object.ts';
import {
  type ApplicationDestination,
  type ApplicationMetadata,
  type ApplicationSource,
  automatedSync,
  RESOURCES_FINALIZER,
  renderSource,
} from './application.ts';
import { type ApplicationSetGenerator, renderGenerator } from './generators.ts';

/** The Application that is made for each set of parameters. Every string may hold Go template expressions but one. */
export interface ApplicationTemplate extends ApplicationMetadata {
  readonly name: string;
  /** A literal: with a templated project, whoever controls the parameters would choose their own permissions. */
  readonly project: string;
  readonly source: ApplicationSource;
  readonly destination: ApplicationDestination;
}

/** Props of an ApplicationSet. */
export interface ApplicationSetProps {
  readonly name: string;
  /**
   * Argo CD's namespace.
   * @default argocd
   */
  readonly namespace?: string;
  /** @default - no annotations */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly generator: ApplicationSetGenerator;
  readonly template: ApplicationTemplate;
  /**
   * Go template of a patch to the whole Application, for what a string field cannot say. Values of strangers go
   * through `toJson`.
   * @default - no patch
   */
  readonly templatePatch?: string;
}

/**
 * An Argo CD ApplicationSet whose Applications apply, prune and heal by themselves and take everything with them when
 * their parameters go.
 *
 * Go templates with `missingkey=error`, always: a parameter that is missing is an error, not the text `<no value>`.
 *
 * @throws GreenroomError `invalid-input` for a templated project, an empty generator, or an impossible period
 */
export function applicationSet(props: ApplicationSetProps): KubeObject {
  const { template } = props;
  if (/\{\{/.test(template.project)) {
    throw invalidInput([
      { field: 'template.project', message: `must be a literal, not a template; found ${template.project}` },
    ]);
  }
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'ApplicationSet',
    metadata: {
      name: props.name,
      namespace: props.namespace ?? 'argocd',
      ...(props.annotations && { annotations: { ...props.annotations } }),
    },
    spec: {
      goTemplate: true,
      goTemplateOptions: ['missingkey=error'],
      generators: [renderGenerator(props.generator)],
      // Argo CD's default, and what removal depends on: said, so that nobody has to know. The other half of it,
      // `preserveResourcesOnDeletion: false`, stays out: after each webhook the controller writes the whole object by its
      // own types, which leave a false out, and Argo CD would take that for a difference and sync again.
      // (The empty templates that it adds are none: Argo CD looks past fields that were never applied.)
      syncPolicy: { applicationsSync: 'sync' },
      template: {
        metadata: {
          name: template.name,
          labels: template.labels,
          annotations: template.annotations,
          finalizers: [RESOURCES_FINALIZER],
        },
        spec: {
          project: template.project,
          source: renderSource(template.source),
          destination: { ...template.destination },
          syncPolicy: automatedSync(),
        },
      },
      templatePatch: props.templatePatch,
    },
  };
}
