import { EXPIRED_ANNOTATION, PLATFORM_LABELS, PREVIEW_LABEL } from '../../model/labels.ts';
import { GENERATE_PATHS_ANNOTATION, SYNC_OPTIONS_ANNOTATION } from './application.ts';
import type { ApplicationSetProps } from './application-set.ts';
import { FENCES_PROJECT, PREVIEWS_PROJECT } from './names.ts';

/** Props of the ApplicationSets of previews. */
export interface PreviewApplicationSetsProps {
  /** Name of the cluster: its folder is `previews/<cluster>/`. */
  readonly cluster: string;
  /** Address of the cluster's API server as Argo CD knows it. */
  readonly server: string;
  /** Address of the apps repo as Argo CD clones it. */
  readonly repoUrl: string;
  /**
   * Branch of the apps repo.
   * @default main
   */
  readonly branch?: string;
  /**
   * Argo CD's namespace.
   * @default argocd
   */
  readonly namespace?: string;
  /**
   * How often the apps repo is looked at without a webhook, in seconds.
   * @default 180
   */
  readonly requeueAfterSeconds?: number;
  /**
   * Annotations of each Application, beside those that it needs.
   * @default - none
   */
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * The two ApplicationSets of a cluster: for each `preview.json` of the apps repo, one Application for its `fence/` and
 * one for its `app/`. Apart, so that each is applied with an account that cannot do the other's work.
 *
 * A preview past its `expires` keeps its Applications, but they stop applying and healing: whatever ends it in the
 * cluster is not undone, though Git still holds it. A clock inside Argo CD is what makes this work with Git dead.
 */
export function previewApplicationSets(
  props: PreviewApplicationSetsProps,
): Readonly<Record<'fences' | 'apps', ApplicationSetProps>> {
  return {
    fences: ofPart('fence', FENCES_PROJECT, '{{.name}}-fence', props),
    apps: ofPart('app', PREVIEWS_PROJECT, '{{.name}}', props),
  };
}

function ofPart(
  part: 'fence' | 'app',
  project: string,
  name: string,
  props: PreviewApplicationSetsProps,
): ApplicationSetProps {
  const branch = props.branch ?? 'main';
  return {
    name: `${project}-${props.cluster}`,
    namespace: props.namespace ?? 'argocd',
    // Pruning an ApplicationSet ends every preview of the cluster: a person has to say so.
    annotations: { [SYNC_OPTIONS_ANNOTATION]: 'Prune=confirm' },
    generator: {
      gitFiles: {
        repoUrl: props.repoUrl,
        revision: branch,
        files: [`previews/${props.cluster}/*/*/preview.json`],
        // `*` matches slashes too: nothing that lies inside a preview's folder may pass for another preview.
        exclude: [`previews/${props.cluster}/*/*/*/preview.json`],
        ...(props.requeueAfterSeconds === undefined ? {} : { requeueAfterSeconds: props.requeueAfterSeconds }),
      },
    },
    template: {
      name,
      project,
      labels: { ...PLATFORM_LABELS, [PREVIEW_LABEL]: '{{.name}}' },
      annotations: { [GENERATE_PATHS_ANNOTATION]: '.', ...props.annotations },
      source: { repoUrl: props.repoUrl, targetRevision: branch, path: `{{.path.path}}/${part}` },
      destination: { server: props.server, namespace: '{{.name}}' },
    },
    templatePatch: BY_THE_CLOCK,
  };
}

/** How often Argo CD starts anew with an Application that it gave up. */
const ATTEMPT_SECONDS = 600;

/**
 * Two things that need a clock.
 *
 * Argo CD gives a source up whose sync failed to the end of its retries, until the source or a commit changes: a name
 * that was taken for two minutes, or an outage of a webhook, would leave the preview dead for good. So the source
 * changes, by a word that names no file. What is in sync is then compared again, and not applied.
 *
 * A preview past its end is not applied any more. `enabled: false` beside the rest: a patch merges, so that leaving
 * `automated` out would change nothing.
 */
const BY_THE_CLOCK = `{{- $now := now | unixEpoch | int64 -}}
spec:
  source:
    directory:
      exclude: attempt-{{ div $now ${ATTEMPT_SECONDS} }}
{{- if le (int64 .expires) $now }}
  syncPolicy:
    automated:
      enabled: false
      prune: false
      selfHeal: false
metadata:
  annotations:
    ${EXPIRED_ANNOTATION}: "true"
{{- end }}
`;
