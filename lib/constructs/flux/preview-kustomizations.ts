import { Construct } from 'constructs';
import {
  type PreviewKustomizationsProps,
  previewKustomizations,
} from '../../reconcilers/flux/preview-kustomizations.ts';
import { Kustomization } from './kustomization.ts';

/**
 * The Kustomizations of one preview: one for its `fence/`, and one for its `app/` that waits for the first. They are
 * separate, so that each is applied with an account that cannot do the other's work.
 *
 * When the preview ends, both are deleted at once in any order. The app's Kustomization therefore keeps its objects, which
 * are deleted with the namespace: its account loses the permission to delete them as soon as the fence is gone.
 *
 * @example
 * new PreviewKustomizations(chart, 'flux', { name: 'pr-shop-7', folder: 'previews/main/shop/pr-shop-7' });
 */
export class PreviewKustomizations extends Construct {
  readonly fence: Kustomization;
  readonly app: Kustomization;

  constructor(scope: Construct, id: string, props: PreviewKustomizationsProps) {
    super(scope, id);
    const { fence, app } = previewKustomizations(props);
    this.fence = new Kustomization(this, 'fence', fence);
    this.app = new Kustomization(this, 'app', app);
  }
}
