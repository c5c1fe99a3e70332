import { FENCER_ACCOUNT, PLATFORM_LABELS, PREVIEW_LABEL } from '../../model/labels.ts';
import type { Decryption } from './decryption.ts';
import type { KustomizationProps } from './kustomization.ts';

/** Props of a preview's two Kustomizations. */
export interface PreviewKustomizationsProps {
  /** Name of the preview. */
  readonly name: string;
  /** Its folder in the apps repo: `previews/<cluster>/<repo>/<name>`. */
  readonly folder: string;
  /** How the app is decrypted; a fence has no secrets. @default - nothing is encrypted */
  readonly decryption?: Decryption | undefined;
}

/**
 * The Kustomizations of one preview: one for its `fence/`, and one for its `app/` that waits for the first. They are
 * separate, so that each is applied with an account that cannot do the other's work.
 *
 * When the preview ends, both are deleted at once in any order. The app's Kustomization therefore keeps its objects, which
 * are deleted with the namespace: its account loses the permission to delete them as soon as the fence is gone.
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
      // The account that the fence creates in this namespace.
      serviceAccount: name,
      targetNamespace: name,
      deletionPolicy: 'Orphan',
      decryption,
      dependsOn: [`${name}-fence`],
      labels,
    },
  };
}
