import type { Engine, PlatformSpec } from '../../model/platform.ts';
import type { ClusterLook } from '../../reconcilers/reconciler.ts';

/** An object that the apps repo holds, as far as doctor cares. */
export interface WantedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: unknown;
  /** Path in the apps repo. */
  readonly file: string;
}

/** What every check looks at. */
export interface Look extends ClusterLook {
  /** What the apps repo says has to be in this cluster. */
  readonly wanted: readonly WantedObject[];
  /** Whether previews run here. */
  readonly previews: boolean;
  /** Whether the reconciler runs here. */
  readonly home: boolean;
  /** Whether the apps repo holds a preview of that name, or lets the reconciler make it. */
  readonly isKnown: (preview: string) => boolean;
}

export function chose(platform: PlatformSpec, engine: Engine): boolean {
  return platform.policies.engines.includes(engine);
}
