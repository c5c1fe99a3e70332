import { Construct } from 'constructs';
import {
  type PreviewApplicationSetsProps,
  previewApplicationSets,
} from '../../reconcilers/argocd/preview-application-sets.ts';
import { ApplicationSet } from './application-set.ts';

/**
 * The two ApplicationSets of a cluster: for each `preview.json` of the apps repo, one Application for its `fence/` and
 * one for its `app/`. Apart, so that each is applied with an account that cannot do the other's work.
 *
 * A preview past its `expires` keeps its Applications, but they stop applying and healing: whatever ends it in the
 * cluster is not undone, though Git still holds it. A clock inside Argo CD is what makes this work with Git dead.
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
