import { type App, Chart } from 'cdk8s';
import type { PreviewExtension } from '../constructs/extension.ts';
import { PlainObject } from '../constructs/plain-object.ts';
import type { PreviewNamespace } from '../constructs/preview-namespace/preview-namespace.ts';
import { previewFolder, repoOfName } from '../model/layout.ts';
import type { PlaceholderValues } from '../model/placeholders.ts';
import type { PlatformSpec } from '../model/platform.ts';
import { reconcilerOf } from '../reconcilers/index.ts';
import { build } from './build.ts';
import type { End } from './lifetime.ts';
import type { OperatedResource } from './operated.ts';
import { type PreviewInput, previewProps } from './preview-props.ts';
import type { Resolved } from './resolve.ts';

/** A preview and the extensions that add to it. */
export interface ChartInput extends PreviewInput {
  /** @default - none */
  readonly extensions?: readonly PreviewExtension[];
}

/** The charts of a preview. */
export interface PreviewCharts {
  readonly name: string;
  /** URL for people; null if no app has a route. */
  readonly url: string | null;
  readonly end: End;
  readonly resolved: Resolved;
  readonly fence: Chart;
  readonly app: Chart;
  /** The reconciler's objects for this preview and their folder; null if `preview.json` is enough. */
  readonly reconciler: { readonly folder: string; readonly chart: Chart } | null;
  readonly namespace: PreviewNamespace;
  /** Services that operators run. */
  readonly operated: readonly OperatedResource[];
  /** Values of the placeholders. */
  readonly values: PlaceholderValues;
}

/**
 * A preview as two charts of a cdk8s app: the platform's objects (the fence), and the objects that the app's account
 * applies.
 *
 * @throws GreenroomError `invalid-input` if the platform does not allow something
 */
export function previewCharts(scope: App, input: ChartInput): PreviewCharts {
  const { platform, extensions = [] } = input;
  const plan = previewProps(input);
  const { resolved, context, end, values, operated } = plan;
  const { name, url } = context;
  // Other systems rely on these names, so charts must not append a hash.
  const fence = new Chart(scope, `${name}-fence`, { disableResourceNameHashes: true });
  const app = new Chart(scope, `${name}-app`, { disableResourceNameHashes: true });
  const { namespace, preview, apps } = build(fence, app, plan);
  for (const extend of extensions) extend({ fence, app, namespace, preview, apps, context });
  const reconciler = reconcilerChart(scope, platform, resolved, name);
  return { name, url, end, resolved, fence, app, reconciler, namespace, operated, values };
}

function reconcilerChart(
  scope: App,
  platform: PlatformSpec,
  { cluster }: Resolved,
  name: string,
): PreviewCharts['reconciler'] {
  const part = reconcilerOf(platform).preview;
  if (part === null) return null;
  const chart = new Chart(scope, `${name}-${part.folder}`, { disableResourceNameHashes: true });
  for (const object of part.objects(name, previewFolder(cluster.name, repoOfName(name), name), platform)) {
    new PlainObject(chart, `${object.kind}-${object.metadata.name}`, object);
  }
  return { folder: part.folder, chart };
}
