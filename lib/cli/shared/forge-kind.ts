import type { Forge } from '../../forge/forge.ts';
import type { Wait } from '../../forge/limits.ts';
import type { WebhookSource } from '../../forge/webhook.ts';
import type { Workshop } from '../../forge/workshop.ts';
import type { AppsRepo } from '../../gitops/apps-repo.ts';
import type { Io } from './io.ts';

/** A kind of forge, by what commands need of it. A forge is chosen in `forges.ts` and nowhere else. */
export interface ForgeKind {
  /** Whether `--apps-repo` can mean a repository there. */
  isRepository(text: string): boolean;
  /** Where a reconciler clones a repository of this path from. */
  cloneAddress(path: string, env: Io['env']): string;
  webhooks(): Promise<WebhookSource>;
  /**
   * Signs in, with what the environment says.
   *
   * @throws GreenroomError `invalid-input` without credentials, or for a setting that cannot be one
   */
  connect(env: Io['env'], options: ConnectOptions): Promise<ForgeConnection>;
}

export interface ConnectOptions {
  /** Folder of what need not be asked again in the next run. @default - as long as the process lives */
  readonly cache?: string | undefined;
  readonly onWait: (wait: Wait) => void;
}

/** One for all that a process does, so that tokens, limits and what was seen are shared. */
export interface ForgeConnection {
  forge(): Forge;
  /** @param branch @default - the repository's own */
  appsRepo(path: string, branch: string | undefined): AppsRepo;
  /** For commands that open pull requests. */
  workshop(): Promise<Workshop>;
}
