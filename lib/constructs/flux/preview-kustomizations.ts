import { Construct } from 'constructs';
import {
  type PreviewKustomizationsProps,
  previewKustomizations,
} from '../../reconcilers/flux/preview-kustomizations.ts';
import { Kustomization } from './kustomization.ts';

/**
 * What Flux applies one preview with: a Kustomization for its `fence/`, and one for its `app/` that waits for the first.
 * Apart, so that each is applied with an account that cannot do the other's work.
 *
 * Both go at once when the preview ends, in no order. So the app's leaves its objects to the namespace, which takes them
 * along: it would need its account's rights to delete them, and the fence takes those away.
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
