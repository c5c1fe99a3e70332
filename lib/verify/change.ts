import type { Forge } from '../forge/forge.ts';
import type { CommittedFile } from '../gitops/checkout.ts';
import { PLATFORM_FILE } from '../model/layout.ts';
import type { Base, SyncContext } from '../sync/plan/base.ts';

/** A change of an apps repo between two commits. */
export interface AppsRepoChange {
  readonly context: Omit<SyncContext, 'forge'>;
  /** Opens the forge on first use. */
  readonly forge: () => Promise<Forge>;
  readonly headCommit: string;
  readonly baseCommit: string | null;
  readonly head: Base;
  /** Null without a base, or if the base has no settings yet. */
  readonly before: Base | null;
  /** Every path at the head. */
  readonly list: ReadonlyMap<string, CommittedFile>;
  /** Every path at the base; null without one. */
  readonly oldList: ReadonlyMap<string, CommittedFile> | null;
  /** Paths that differ; null without a base. */
  readonly changed: readonly string[] | null;
}

/** Whether settings or exceptions differ, so that previews may change. */
export function changesPlatform({ changed }: AppsRepoChange): boolean {
  return changed?.some((path) => path === PLATFORM_FILE || path.startsWith('exceptions/')) ?? false;
}

/** Paths that differ between two lists. */
export function differences(a: ReadonlyMap<string, CommittedFile>, b: ReadonlyMap<string, CommittedFile>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((path) => {
    const [old, now] = [a.get(path), b.get(path)];
    return old?.oid !== now?.oid || old?.regular !== now?.regular || old?.executable !== now?.executable;
  });
}
