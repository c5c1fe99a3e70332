import type { IncomingHttpHeaders } from 'node:http';
import type { RepositoryRef } from '../core/repository.ts';

/** The pull request that an event is about. Only a hint: its state is always read again. */
export interface PullTrigger {
  readonly repository: RepositoryRef;
  readonly number: number;
  /** The comment that was written or edited. @default - the pull request itself changed */
  readonly commentId?: number;
  /** The state at the time of the event. @default - unknown */
  readonly seen?: EventState;
}

/** How recent an answer must be: an older one comes from a replica of the forge that lags behind. */
export interface EventState {
  /** Last change of the pull request, in unix seconds. */
  readonly updatedAt?: number;
  readonly headSha?: string;
  /** Last change of the comment, in unix seconds. */
  readonly commentUpdatedAt?: number;
}

/** What an event triggers. */
export interface Trigger {
  readonly pulls: readonly PullTrigger[];
  /** Whether somebody else changed the apps repo, so that a sweep is needed. */
  readonly sweep: boolean;
}

/** The branch of the apps repo that the reconciler applies. */
export interface AppsBranch extends RepositoryRef {
  /** Undefined: the repository's default branch. */
  readonly branch: string | undefined;
}

/** The headers of a webhook delivery. */
export interface Delivery {
  /** Name of the event if it is handled, else `other`. */
  readonly event: string;
  /** The forge's id of the delivery, for logs; null if missing or malformed. */
  readonly id: string | null;
}

/** Webhooks of a forge. */
export interface WebhookSource {
  /**
   * Whether a delivery is signed with the secret, compared in constant time. Called before anything is parsed.
   *
   * @param body the raw bytes
   */
  isAuthentic(headers: IncomingHttpHeaders, body: Uint8Array, secret: string): boolean;

  /** Call this for authentic deliveries only: anybody can write a header. */
  delivery(headers: IncomingHttpHeaders): Delivery;

  /**
   * What a delivery triggers; null for events that do not matter, and for a malformed body.
   *
   * @param headers of the delivery @default - none, as for the event file of a CI job; its fields show the event
   * @param apps null if no apps repo on the same server is known
   */
  trigger(body: Uint8Array, apps: AppsBranch | null, headers?: IncomingHttpHeaders): Trigger | null;
}
