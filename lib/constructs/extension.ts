import type { Chart } from 'cdk8s';
import type { TemplateName } from '../model/templates/index.ts';
import type { PreviewApp } from './preview-app/preview-app.ts';
import type { PreviewNamespace } from './preview-namespace/preview-namespace.ts';

/** What is known of a preview when it is built. The same input gives the same context: there is no clock in it. */
export interface PreviewContext {
  /** The one name: namespace, folder, host label. */
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
  /** Address that people open; null where no app of the preview has a route. */
  readonly url: string | null;
  /** When the preview ends, in unix seconds. */
  readonly expires: number;
}

/** What an extension may change or add to, before synthesis. */
export interface PreviewScope {
  /** Objects added here are written to `fence/` and applied by the platform's side. */
  readonly fence: Chart;
  /** Objects added here are written to `app/` and applied by the account in the preview's namespace. */
  readonly app: Chart;
  readonly namespace: PreviewNamespace;
  /** The first app. */
  readonly preview: PreviewApp;
  /** All apps: the first one under the preview's name, the others under `<name>-<app>`. */
  readonly apps: ReadonlyMap<string, PreviewApp>;
  readonly context: PreviewContext;
}

/**
 * A platform team's own addition to every preview. It runs after greenroom's objects are there and before they are
 * checked by the rules and written; what it adds is held to the same rules. It has to be pure: no clock, no random, no
 * network, or the same pull request would give another diff on every run.
 */
export type PreviewExtension = (scope: PreviewScope) => void;
