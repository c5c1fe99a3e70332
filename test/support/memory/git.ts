import {
  decodeCommit,
  type EncodedObject,
  encodeObject,
  OBJECT_FORMATS,
  type ObjectFormat,
} from '../../../lib/core/git/objects.ts';
import { type BranchAccess, GitAppsRepo, type ObjectStore } from '../../../lib/gitops/git.ts';
import type { NewCommit } from '../../../lib/gitops/repository.ts';

/**
 * One branch and its objects in memory: the same bytes and ids as git's, so that thousands of histories can be lived
 * through without a file. `open` gives the real apps repo over it.
 */
export class MemoryGit implements ObjectStore, BranchAccess {
  readonly description = 'memory (main)';
  readonly format: ObjectFormat = OBJECT_FORMATS.sha1;
  /** As git stores them: `type SP length NUL content`. */
  readonly objects = new Map<string, Buffer>();
  branch: string | null = null;
  objectsRead = 0;

  open(clock: () => number): GitAppsRepo {
    return new GitAppsRepo(this, this, clock);
  }

  /** Parent and tree of a commit; undefined when there is no such commit. */
  parsed(oid: string): { readonly tree: string; readonly parent: string | null } | undefined {
    const content = this.#content(oid);
    if (content === undefined) return undefined;
    return { tree: decodeCommit(content).tree, parent: /^parent ([0-9a-f]+)$/m.exec(content.toString())?.[1] ?? null };
  }

  async commit(oid: string): Promise<{ readonly oid: string; readonly tree: string } | undefined> {
    const commit = this.parsed(oid);
    return commit === undefined ? undefined : { oid, tree: commit.tree };
  }

  readonly tree = async (oid: string): Promise<Buffer> => {
    const content = this.#content(oid);
    if (content === undefined) throw new Error(`no tree ${oid}`);
    return content;
  };

  async blob(oid: string): Promise<string | undefined> {
    return this.#content(oid)?.toString('utf8');
  }

  async write(objects: ReadonlyMap<string, Buffer>, { tree, parent, message, time }: NewCommit): Promise<string> {
    for (const [oid, data] of objects) this.objects.set(oid, data);
    const who = `greenroom <greenroom@localhost> ${time} +0000`;
    const lines = [`tree ${tree}`, ...(parent === null ? [] : [`parent ${parent}`]), `author ${who}`];
    return this.add(
      encodeObject(
        this.format,
        'commit',
        Buffer.from([...lines, `committer ${who}`, '', `${message.trimEnd()}\n`].join('\n')),
      ),
    );
  }

  add({ oid, data }: EncodedObject): string {
    this.objects.set(oid, data);
    return oid;
  }

  async head(): Promise<string | null> {
    return this.branch;
  }

  async isStale(expected: string | null): Promise<boolean> {
    return this.branch !== expected;
  }

  async swap(expected: string | null, next: string): Promise<boolean> {
    if (this.branch !== expected) return false;
    this.branch = next;
    return true;
  }

  async fetch(): Promise<void> {
    // Everything that there is, is here.
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  #content(oid: string): Buffer | undefined {
    this.objectsRead += 1;
    const data = this.objects.get(oid);
    return data?.subarray(data.indexOf(0) + 1);
  }
}
