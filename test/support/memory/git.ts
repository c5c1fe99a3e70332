import {
  decodeCommit,
  decodeTree,
  type EncodedObject,
  encodeObject,
  encodeTree,
  MODE,
  OBJECT_FORMATS,
  type ObjectFormat,
} from '../../../lib/core/git/objects.ts';
import { type BranchAccess, GitAppsRepo, type GitObjects } from '../../../lib/gitops/git.ts';
import type { NewCommit } from '../../../lib/gitops/repository.ts';

/**
 * One branch and its objects in memory: the same bytes and ids as git's, so that thousands of histories can be lived
 * through without a file. `open` gives the real apps repo over it.
 */
export class MemoryGit implements GitObjects, BranchAccess {
  readonly description = 'memory (main)';
  readonly format: ObjectFormat = OBJECT_FORMATS.sha1;
  /** As git stores them: `type SP length NUL content`. */
  readonly objects = new Map<string, Buffer>();
  branch: string | null = null;
  objectsRead = 0;
  readonly #flat = new Map<string, ReadonlyMap<string, string>>();

  open(clock: () => number): GitAppsRepo {
    return new GitAppsRepo(this, this, clock);
  }

  /** Parent and tree of a commit; undefined when there is no such commit. */
  parsed(oid: string): { readonly tree: string; readonly parent: string | null } | undefined {
    const content = this.#content(oid);
    if (content === undefined) return undefined;
    return { tree: decodeCommit(content).tree, parent: /^parent ([0-9a-f]+)$/m.exec(content.toString())?.[1] ?? null };
  }

  /** Without its closing newline. */
  message(oid: string): string {
    const text = this.#content(oid)!.toString();
    return text.slice(text.indexOf('\n\n') + 2).trimEnd();
  }

  /** Ids of all files of a tree, by path. */
  files(tree: string): ReadonlyMap<string, string> {
    const known = this.#flat.get(tree);
    if (known !== undefined) return known;
    const found = new Map<string, string>();
    for (const { mode, name, oid } of decodeTree(this.format, this.#content(tree)!).values()) {
      if (mode !== MODE.folder) found.set(name, oid);
      else for (const [path, blob] of this.files(oid)) found.set(`${name}/${path}`, blob);
    }
    this.#flat.set(tree, found);
    return found;
  }

  /** Ids of the files that differ between two commits. */
  changes(
    from: string,
    to: string,
  ): Map<string, { readonly before: string | undefined; readonly after: string | undefined }> {
    const [old, now] = [from, to].map((oid) => this.files(this.parsed(oid)!.tree)) as [
      ReadonlyMap<string, string>,
      ReadonlyMap<string, string>,
    ];
    const paths = [...new Set([...old.keys(), ...now.keys()])].filter((path) => old.get(path) !== now.get(path));
    return new Map(paths.map((path) => [path, { before: old.get(path), after: now.get(path) }]));
  }

  /** The latest commit that both come from. */
  forkPoint(a: string, b: string): string {
    const older = new Set<string>();
    for (let oid: string | null = b; oid !== null; oid = this.parsed(oid)!.parent) older.add(oid);
    let oid = a;
    while (!older.has(oid)) oid = this.parsed(oid)!.parent!;
    return oid;
  }

  /** A commit of exactly these files. */
  commitFiles(files: ReadonlyMap<string, string>, parent: string | null, message: string): string {
    const lines = [
      `tree ${this.#tree(files)}`,
      ...(parent === null ? [] : [`parent ${parent}`]),
      'committer x <x> 0 +0000',
    ];
    return this.add(encodeObject(this.format, 'commit', Buffer.from(`${lines.join('\n')}\n\n${message}\n`)));
  }

  #tree(files: ReadonlyMap<string, string>): string {
    const folders = new Map<string, Map<string, string>>();
    const entries: { name: string; mode: string; oid: string }[] = [];
    for (const [path, oid] of files) {
      const slash = path.indexOf('/');
      if (slash < 0) entries.push({ name: path, mode: MODE.file, oid });
      else {
        const inside = folders.get(path.slice(0, slash)) ?? new Map<string, string>();
        folders.set(path.slice(0, slash), inside.set(path.slice(slash + 1), oid));
      }
    }
    for (const [name, inside] of folders) entries.push({ name, mode: MODE.folder, oid: this.#tree(inside) });
    return this.add(encodeObject(this.format, 'tree', encodeTree(entries)));
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

  async compareAndSwap(expected: string | null, next: string): Promise<boolean> {
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
