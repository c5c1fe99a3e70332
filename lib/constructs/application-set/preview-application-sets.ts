import { Construct } from 'constructs';
import {
  type PreviewApplicationSetsProps,
  previewApplicationSets,
} from '../../reconcilers/argocd/preview-application-sets.ts';
import { ApplicationSet } from './application-set.ts';

/**
 * The two ApplicationSets of a cluster: for each `preview.json` of the apps repo, one Application for its `fence/` and
 * one for its `app/`. They are separate, so that each is applied with an account that cannot do the other's work.
 *
 * An expired preview keeps its Applications, but they stop applying and healing: when the cleaner deletes its objects,
 * Argo CD does not restore them, although they are still in Git. Argo CD's own clock decides, so this works without Git.
 *
 * @example
 * new PreviewApplicationSets(chart, 'main', {
 *   cluster: 'main',
 *   server: 'https://kubernetes.default.svc',
 *   repoUrl: 'https://github.com/acme/previews.git',
 * });
 */
export class PreviewApplicationSets extends Construct {
  readonly fences: ApplicationSet;
  readonly apps: ApplicationSet;

  constructor(scope: Construct, id: string, props: PreviewApplicationSetsProps) {
    super(scope, id);
    const { fences, apps } = previewApplicationSets(props);
    this.fences = new ApplicationSet(this, 'fence', fences);
    this.apps = new ApplicationSet(this, 'app', apps);
  }
}
