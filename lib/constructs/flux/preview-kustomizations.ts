import { Construct } from 'constructs';
import { FENCER_ACCOUNT, PREVIEW_LABEL } from '../../model/labels.ts';
import { MANAGED_BY } from '../metadata.ts';
import { Kustomization } from './kustomization.ts';

export interface PreviewKustomizationsProps {
  /** Name of the preview. */
  readonly name: string;
  /** Its folder in the apps repo: `previews/<cluster>/<repo>/<name>`. */
  readonly folder: string;
}

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

  constructor(scope: Construct, id: string, { name, folder }: PreviewKustomizationsProps) {
    super(scope, id);
    const labels = { ...MANAGED_BY, [PREVIEW_LABEL]: name };
    this.fence = new Kustomization(this, 'fence', {
      name: `${name}-fence`,
      path: `./${folder}/fence`,
      serviceAccount: FENCER_ACCOUNT,
      labels,
    });
    this.app = new Kustomization(this, 'app', {
      name,
      path: `./${folder}/app`,
      // The account that the fence makes, beside this object.
      serviceAccount: name,
      targetNamespace: name,
      deletionPolicy: 'Orphan',
      dependsOn: [`${name}-fence`],
      labels,
    });
  }
}
