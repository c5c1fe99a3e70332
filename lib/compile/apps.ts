import type { AppSpec, Preview } from '../model/preview.ts';

/** An app as the file says it, before anything of the platform's. */
export interface WrittenApp {
  /** Name under `apps`; null for the first. */
  readonly key: string | null;
  /** Where it stands in preview.yaml: `spec`, or `spec.apps.api`. */
  readonly at: readonly string[];
  readonly spec: AppSpec;
  /** Part of the preview's host that leads to it; null for none. */
  readonly path: string | null;
}

/** All apps of a preview file, the first one first. */
export function appsOf({ spec }: Pick<Preview, 'spec'>): [WrittenApp, ...WrittenApp[]] {
  const others = Object.entries(spec.apps).map(([key, app]) => ({
    key,
    at: ['spec', 'apps', key],
    spec: app,
    path: app.path ?? null,
  }));
  return [{ key: null, at: ['spec'], spec, path: spec.path ?? null }, ...others];
}
