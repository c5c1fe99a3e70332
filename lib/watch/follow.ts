import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeLike } from '../status/objects/types.ts';
import { ApiError, type ClusterApi } from './api.ts';

export interface Follower {
  /** Called with all objects, at the start and after each interruption. */
  readonly onList: (items: readonly KubeLike[]) => void;
  readonly onChange: (object: KubeLike, isGone: boolean) => void;
  readonly onProblem: (message: string) => void;
  /** A number from 0 up to 1. */
  readonly random: () => number;
}

const LONGEST_WAIT = 60;

/** Follows a collection until the signal aborts: lists it, streams changes, and lists again if the stream fails. */
export async function followCollection(
  api: ClusterApi,
  path: string,
  query: Readonly<Record<string, string>>,
  follower: Follower,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const { items, resourceVersion } = await api.list(path, query);
      follower.onList(items);
      let from = resourceVersion;
      failures = 0;
      for (;;) {
        let isExpired = false;
        for await (const { type, object } of api.watch(path, from, query, signal)) {
          if (type === 'ERROR') isExpired = true;
          else from = (object.metadata as { resourceVersion?: string } | undefined)?.resourceVersion ?? from;
          if (type === 'ADDED' || type === 'MODIFIED') follower.onChange(object, false);
          if (type === 'DELETED') follower.onChange(object, true);
        }
        // The server closes streams regularly. If it no longer knows the version, list everything again.
        if (isExpired || signal.aborted) break;
      }
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      // 410: the version has expired. List again without an error message.
      if (!(error instanceof ApiError && error.status === 410)) {
        follower.onProblem(error instanceof Error ? error.message : String(error));
      }
    }
    if (failures > 0) {
      const seconds = Math.min(LONGEST_WAIT, 2 ** (failures - 1)) * (0.5 + follower.random() / 2);
      await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
    }
  }
}
