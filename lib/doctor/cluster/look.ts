import type { Engine, PlatformSpec } from '../../model/platform.ts';
import type { ClusterReader } from './reader.ts';

/** An object that the apps repo holds, as far as doctor cares. */
export interface WantedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: unknown;
}

/** What every check looks at. */
export interface Look {
  readonly reader: ClusterReader;
  readonly platform: PlatformSpec;
  /** What the apps repo says has to be in this cluster. */
  readonly wanted: readonly WantedObject[];
  /** Whether previews run here. */
  readonly previews: boolean;
  /** Whether Argo CD runs here. */
  readonly argocd: boolean;
  /** Unix seconds. */
  readonly now: number;
}

export function chose(platform: PlatformSpec, engine: Engine): boolean {
  return platform.policies.engines.includes(engine);
}
