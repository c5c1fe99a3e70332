import type { Forge } from '../../forge/forge.ts';
import type { RequestPause } from '../../forge/limits.ts';
import type { WebhookSource } from '../../forge/webhook.ts';
import type { Workshop } from '../../forge/workshop.ts';
import type { AppsRepo } from '../../gitops/apps-repo.ts';
import type { Io } from './io.ts';

/** What commands need of a kind of forge. Only `forges.ts` chooses the forge. */
export interface ForgeKind {
  /** Whether `--apps-repo` can mean a repository there. */
  isRepository(text: string): boolean;
  /** Address from which a reconciler clones the repository with this path. */
  cloneAddress(path: string, env: Io['env']): string;
  webhooks(): Promise<WebhookSource>;
  /**
   * Connects with the credentials and settings of the environment.
   *
   * @throws GreenroomError `invalid-input` without credentials, or if a setting is invalid
   */
  connect(env: Io['env'], options: ConnectOptions): Promise<ForgeConnection>;
}

export interface ConnectOptions {
  /** Cache folder for the next run. @default - cached only while the process runs */
  readonly cache?: string | undefined;
  readonly onWait: (wait: RequestPause) => void;
}

/** One connection for the whole process, to share tokens, rate limits and cached answers. */
export interface ForgeConnection {
  forge(): Forge;
  /** @param branch @default - the repository's own */
  appsRepo(path: string, branch: string | undefined): AppsRepo;
  /** For commands that open pull requests. */
  workshop(): Promise<Workshop>;
}
