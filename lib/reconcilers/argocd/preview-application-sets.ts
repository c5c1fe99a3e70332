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
  /** Address from which Argo CD clones the apps repo. */
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
   * How often the apps repo is polled without a webhook, in seconds.
   * @default 180
   */
  readonly requeueAfterSeconds?: number;
  /**
   * Additional annotations of each Application.
   * @default - none
   */
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * The two ApplicationSets of a cluster: for each `preview.json` of the apps repo, one Application for its `fence/` and
 * one for its `app/`. They are separate, so that each is applied with an account that cannot do the other's work.
 *
 * An expired preview keeps its Applications, but they stop applying and healing: when the cleaner deletes its objects,
 * Argo CD does not restore them, although they are still in Git. Argo CD's own clock decides, so this works without Git.
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
    // Pruning an ApplicationSet ends all previews of the cluster: a person must confirm it.
    annotations: { [SYNC_OPTIONS_ANNOTATION]: 'Prune=confirm' },
    generator: {
      gitFiles: {
        repoUrl: props.repoUrl,
        revision: branch,
        files: [`previews/${props.cluster}/*/*/preview.json`],
        // `*` also matches slashes: a file inside a preview's folder must not count as another preview.
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

/** How often Argo CD retries an Application that it gave up. */
const ATTEMPT_SECONDS = 600;

/**
 * Two things that depend on the time.
 *
 * When all retries of a sync have failed, Argo CD gives up until the source or a commit changes. A name that was taken
 * for two minutes, or an outage of a webhook, would break the preview for good. So the source changes regularly, by an
 * exclude pattern that matches no file. Applications that are in sync are then only compared again.
 *
 * An expired preview is not applied any more. `enabled: false` is needed because the patch is merged: omitting
 * `automated` would change nothing.
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
