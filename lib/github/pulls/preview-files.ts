import { GreenroomError } from '../../core/errors.ts';
import { encodeObject, isFileMode } from '../../core/git/objects.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import { MAX_FILE_BYTES } from '../../forge/forge.ts';
import { formatOf } from '../git/objects.ts';
import { TreeReader } from '../git/trees.ts';
import type { Cache } from '../http/cache.ts';
import type { GitHubClient } from '../http/client.ts';

/** The entry of `preview.yaml` in a head commit, as a listing brings it; null where there is none. */
export type PreviewEntry = { readonly oid: string; readonly mode: number; readonly size: number } | null;

export interface PreviewHead {
  readonly sha: string;
  readonly entry: PreviewEntry;
}

/** Heads whose entry is known in memory; all are forgotten beyond it. */
const MAX_HEADS = 20_000;

/**
 * The preview files of many pull requests, read in few questions. They are remembered by the ids of their contents, and
 * checked against them: a cached text that was changed is ignored, and a push that leaves the file as it was has
 * nothing to be read.
 */
export class PreviewFiles {
  readonly #client: GitHubClient;
  readonly #cache: Cache;
  readonly #heads = new Map<string, PreviewEntry>();

  constructor(client: GitHubClient, cache: Cache) {
    this.#client = client;
    this.#cache = cache;
  }

  /** Reads ahead the files of these heads. What cannot be read so is left to be read one by one. */
  async readAhead(repository: RepositoryRef, heads: readonly PreviewHead[]): Promise<void> {
    if (this.#heads.size > MAX_HEADS) this.#heads.clear();
    for (const { sha, entry } of heads) this.#heads.set(keyOf(repository, sha), entry);
    const wanted = new Set(heads.flatMap(({ entry }) => (isPlain(entry) ? [entry.oid] : [])));
    for (const oid of wanted) if ((await this.#remembered(oid)) !== undefined) wanted.delete(oid);
    if (wanted.size === 0) return;
    const trees = new TreeReader(this.#client.for(namesOf(repository).owner), repository, 1);
    try {
      const contents = await trees.contents([...wanted], MAX_FILE_BYTES);
      for (const [oid, content] of contents) {
        if (content !== null) await this.#cache.set(blobKey(oid), content.toString('utf8'));
      }
    } catch (error) {
      if (!(error instanceof GreenroomError)) throw error;
    }
  }

  /** What came along with a head. A text that is not the file's is not believed. */
  async learn(repository: RepositoryRef, { sha, entry }: PreviewHead, text: string | undefined): Promise<void> {
    if (this.#heads.size > MAX_HEADS) this.#heads.clear();
    this.#heads.set(keyOf(repository, sha), entry);
    if (isPlain(entry) && text !== undefined) await this.#cache.set(blobKey(entry.oid), text);
  }

  /** Null: there is none at that head; undefined: it has to be read. */
  async read(repository: RepositoryRef, sha: string): Promise<string | null | undefined> {
    const entry = this.#heads.get(keyOf(repository, sha));
    if (entry === null) return null;
    return isPlain(entry) ? this.#remembered(entry.oid) : undefined;
  }

  async #remembered(oid: string): Promise<string | undefined> {
    const text = await this.#cache.get(blobKey(oid));
    if (text === undefined || encodeObject(formatOf(oid), 'blob', Buffer.from(text)).oid !== oid) return undefined;
    return text;
  }
}

function isPlain(entry: PreviewEntry | undefined): entry is Exclude<PreviewEntry, null> {
  return entry !== null && entry !== undefined && isFileMode(entry.mode.toString(8)) && entry.size <= MAX_FILE_BYTES;
}

const keyOf = ({ path }: RepositoryRef, sha: string) => `${path}@${sha}`;
const blobKey = (oid: string) => `blob ${oid}`;
