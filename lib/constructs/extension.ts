import type { Chart } from 'cdk8s';
import type { TemplateName } from '../model/templates/index.ts';
import type { PreviewApp } from './preview-app/preview-app.ts';
import type { PreviewNamespace } from './preview-namespace/preview-namespace.ts';

/** Facts about the preview for extensions. The same input gives the same context: it does not depend on the time. */
export interface PreviewContext {
  /** Name of the preview, of its namespace, its folder and its host label. */
  readonly name: string;
  /** `owner/name` of the repository. */
  readonly repository: string;
  /** The forge's numeric id of the repository. */
  readonly repositoryId: number;
  /** Number of the pull request. */
  readonly number: number;
  readonly template: TemplateName;
  /** Host of the preview. */
  readonly host: string;
  /** URL of the preview; null if no app of it has a route. */
  readonly url: string | null;
  /** When the preview ends, in unix seconds. */
  readonly expires: number;
}

/** What an extension may change or extend, before synthesis. */
export interface PreviewScope {
  /** Objects added here are written to `fence/` and applied by the fencer. */
  readonly fence: Chart;
  /** Objects added here are written to `app/` and applied by the account in the preview's namespace. */
  readonly app: Chart;
  readonly namespace: PreviewNamespace;
  /** The first app. */
  readonly preview: PreviewApp;
  /** All apps: the first one by the preview's name, the others by `<name>-<app>`. */
  readonly apps: ReadonlyMap<string, PreviewApp>;
  readonly context: PreviewContext;
}

/**
 * A platform team's addition to every preview. It runs after greenroom has created its objects, and before they are
 * checked by the rules and written; what it adds is checked by the same rules. It must be pure: with the time, random
 * values or the network the same pull request would give a different result on every run.
 */
export type PreviewExtension = (scope: PreviewScope) => void;
