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
      annotations: { [GENERATE_PATHS_ANNOTATION]: '.' },
      source: { repoUrl: props.repoUrl, targetRevision: branch, path: `{{.path.path}}/${part}` },
      destination: { server: props.server, namespace: '{{.name}}' },
    },
    templatePatch: STOP_WHEN_EXPIRED,
  };
}

/** `enabled: false` beside the rest: a patch merges, so that leaving `automated` out would change nothing. */
const STOP_WHEN_EXPIRED = `{{- if le (int64 .expires) (now | unixEpoch | int64) }}
metadata:
  annotations:
    ${EXPIRED_ANNOTATION}: "true"
spec:
  syncPolicy:
    automated:
      enabled: false
      prune: false
      selfHeal: false
{{- end }}
`;
