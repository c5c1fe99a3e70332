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

/** The Application for each set of parameters. Every string except `project` may contain Go template expressions. */
export interface ApplicationTemplate extends ApplicationMetadata {
  readonly name: string;
  /** Not a template: otherwise the parameters would decide about permissions. */
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
   * Go template of a patch to the whole Application, for fields that are not strings. Use `toJson` for untrusted values.
   * @default - no patch
   */
  readonly templatePatch?: string;
}

/**
 * An Argo CD ApplicationSet whose Applications apply, prune and heal automatically, and are deleted with all their objects
 * when their parameters disappear.
 *
 * Go templates always use `missingkey=error`: a missing parameter is an error, not the text `<no value>`.
 *
 * @throws GreenroomError `invalid-input` for a templated project, an empty generator, or an invalid period
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
      // Argo CD's default, written out because the removal of previews depends on it. `preserveResourcesOnDeletion: false`
      // must not be written: the controller drops a false value whenever it updates the object, and Argo CD would see a
      // difference and sync again. (Fields that the controller adds make no difference, since they were never applied.)
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
