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
import { type PreviewInput, previewProps } from './preview-props.ts';
import type { Resolved } from './resolve.ts';

/** A preview, and who adds to it. */
export interface ChartInput extends PreviewInput {
  /** @default - none */
  readonly extensions?: readonly PreviewExtension[];
}

/** The charts of a preview. */
export interface PreviewCharts {
  readonly name: string;
  /** Address that people open; null where no app has a route. */
  readonly url: string | null;
  readonly end: End;
  readonly resolved: Resolved;
  readonly fence: Chart;
  readonly app: Chart;
  /** What the reconciler applies the two with, and its folder; null where `preview.json` is enough. */
  readonly reconciler: { readonly folder: string; readonly chart: Chart } | null;
  readonly namespace: PreviewNamespace;
  /** What placeholders stand for. */
  readonly values: PlaceholderValues;
}

/**
 * A preview as two charts of a cdk8s app: what the platform's side writes, and what the app's account may write.
 *
 * @throws GreenroomError `invalid-input` for what the platform does not take
 */
export function previewCharts(scope: App, input: ChartInput): PreviewCharts {
  const { platform, extensions = [] } = input;
  const plan = previewProps(input);
  const { resolved, context, end, values } = plan;
  const { name, url } = context;
  // Names are contracts: no chart may append a hash to them.
  const fence = new Chart(scope, `${name}-fence`, { disableResourceNameHashes: true });
  const app = new Chart(scope, `${name}-app`, { disableResourceNameHashes: true });
  const { namespace, preview, apps } = build(fence, app, plan);
  for (const extend of extensions) extend({ fence, app, namespace, preview, apps, context });
  const reconciler = reconcilerChart(scope, platform, resolved, name);
  return { name, url, end, resolved, fence, app, reconciler, namespace, values };
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
