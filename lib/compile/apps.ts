import type { AppSpec, Preview } from '../model/preview.ts';

/** An app as preview.yaml describes it, without the platform's defaults. */
export interface WrittenApp {
  /** Name under `apps`; null for the first app. */
  readonly key: string | null;
  /** Path in preview.yaml: `spec`, or `spec.apps.api`. */
  readonly at: readonly string[];
  readonly spec: AppSpec;
  /** URL path that leads to the app; null if it has no route. */
  readonly path: string | null;
}

/** All apps of a preview file, first app first. */
export function appsOf({ spec }: Pick<Preview, 'spec'>): [WrittenApp, ...WrittenApp[]] {
  const others = Object.entries(spec.apps).map(([key, app]) => ({
    key,
    at: ['spec', 'apps', key],
    spec: app,
    path: app.path ?? null,
  }));
  return [{ key: null, at: ['spec'], spec, path: spec.path ?? null }, ...others];
}
