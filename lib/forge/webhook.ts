import type { IncomingHttpHeaders } from 'node:http';
import type { RepositoryRef } from '../core/repository.ts';

/** Which pull request something happened to. A hint and no more: its state is read anew. */
export interface PullTrigger {
  readonly repository: RepositoryRef;
  readonly number: number;
  /** The comment that was written or edited, where that is what happened. @default - the pull request itself changed */
  readonly commentId?: number;
  /** What the forge knew when it told. @default - nothing is known */
  readonly seen?: Seen;
}

/** How new an answer has to be: one that is older comes from a replica that lags behind. */
export interface Seen {
  /** When the pull request was changed last, in unix seconds. */
  readonly updatedAt?: number;
  readonly headSha?: string;
  /** When the comment was written or edited last, in unix seconds. */
  readonly commentUpdatedAt?: number;
}

/** What an event asks for. */
export interface Trigger {
  readonly pulls: readonly PullTrigger[];
  /** Whether the apps repo was changed by somebody else, so that everything is to be looked at again. */
  readonly sweep: boolean;
}

/** The branch that is deployed from. */
export interface AppsBranch extends RepositoryRef {
  /** Undefined: the repository's default branch. */
  readonly branch: string | undefined;
}

/** A delivery as its headers tell of it. */
export interface Delivery {
  /** Name of the event where it is one that is listened to, else `other`. */
  readonly event: string;
  /** The forge's id of the delivery, to find it again; null when there is none in its form. */
  readonly id: string | null;
}

/** How a forge tells that something happened. */
export interface WebhookSource {
  /**
   * Whether a delivery comes from who knows the secret, compared in constant time. Asked before anything of it is parsed.
   *
   * @param body the raw bytes, as they came
   */
  isAuthentic(headers: IncomingHttpHeaders, body: Uint8Array, secret: string): boolean;

  /** To be asked of authentic deliveries only: anybody can write a header. */
  delivery(headers: IncomingHttpHeaders): Delivery;

  /**
   * What a delivery asks for; null for an event that does not concern us, and for a body with a wrong shape.
   *
   * @param headers of the delivery @default - none: a file that a CI job was started with; its form tells the event
   * @param apps null where nothing is known of an apps repo on the same server
   */
  trigger(body: Uint8Array, apps: AppsBranch | null, headers?: IncomingHttpHeaders): Trigger | null;
}
