import type { Engine, PlatformSpec } from '../../model/platform.ts';
import type { ClusterContext } from '../../reconcilers/reconciler.ts';

/** An object of the apps repo, with the fields that doctor needs. */
export interface WantedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: unknown;
  /** Path in the apps repo. */
  readonly file: string;
}

/** Input of every check. */
export interface DoctorContext extends ClusterContext {
  /** Objects of the apps repo that must be in this cluster. */
  readonly wanted: readonly WantedObject[];
  /** Whether previews run here. */
  readonly previews: boolean;
  /** Whether the reconciler runs here. */
  readonly home: boolean;
  /** Whether the apps repo contains a preview of that name, or lets the reconciler create it. */
  readonly isKnown: (preview: string) => boolean;
}

export function chose(platform: PlatformSpec, engine: Engine): boolean {
  return platform.policies.engines.includes(engine);
}
