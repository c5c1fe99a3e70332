import { FENCER_ACCOUNT, PLATFORM_LABELS, PREVIEW_LABEL } from '../../model/labels.ts';
import type { Decryption } from './decryption.ts';
import type { KustomizationProps } from './kustomization.ts';

/** Props of a preview's two Kustomizations. */
export interface PreviewKustomizationsProps {
  /** Name of the preview. */
  readonly name: string;
  /** Its folder in the apps repo: `previews/<cluster>/<repo>/<name>`. */
  readonly folder: string;
  /** What decrypts the app; a fence holds no secret. @default - nothing */
  readonly decryption?: Decryption | undefined;
}

/**
 * What Flux applies one preview with: a Kustomization for its `fence/`, and one for its `app/` that waits for the first.
 * Apart, so that each is applied with an account that cannot do the other's work.
 *
 * Both go at once when the preview ends, in no order. So the app's leaves its objects to the namespace, which takes them
 * along: it would need its account's rights to delete them, and the fence takes those away.
 */
export function previewKustomizations({
  name,
  folder,
  decryption,
}: PreviewKustomizationsProps): Readonly<Record<'fence' | 'app', KustomizationProps>> {
  const labels = { ...PLATFORM_LABELS, [PREVIEW_LABEL]: name };
  return {
    fence: { name: `${name}-fence`, path: `./${folder}/fence`, serviceAccount: FENCER_ACCOUNT, labels },
    app: {
      name,
      path: `./${folder}/app`,
      // The account that the fence makes, beside this object.
      serviceAccount: name,
      targetNamespace: name,
      deletionPolicy: 'Orphan',
      decryption,
      dependsOn: [`${name}-fence`],
      labels,
    },
  };
}
