import { GreenroomError } from '../../core/errors.ts';
import { encodeObject, isFileMode } from '../../core/git/objects.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import { MAX_FILE_BYTES } from '../../forge/forge.ts';
import { formatOf } from '../git/objects.ts';
import { TreeReader } from '../git/trees.ts';
import type { Cache } from '../http/cache.ts';
import type { GitHubClient } from '../http/client.ts';

/** The entry of `preview.yaml` in a head commit, from a listing; null if there is none. */
export type PreviewEntry = { readonly oid: string; readonly mode: number; readonly size: number } | null;

export interface PreviewHead {
  readonly sha: string;
  readonly entry: PreviewEntry;
}

/** Limit of heads in memory; beyond it all are dropped. */
const MAX_HEADS = 20_000;

/**
 * Reads the preview files of many pull requests with few queries. They are cached by the ids of their contents and
 * checked against them: a cached text that was changed is ignored. A push that does not change the file needs no query.
 */
export class PreviewFiles {
  readonly #client: GitHubClient;
  readonly #cache: Cache;
  readonly #heads = new Map<string, PreviewEntry>();

  constructor(client: GitHubClient, cache: Cache) {
    this.#client = client;
    this.#cache = cache;
  }

  /** Prefetches the files of these heads. A file that this does not find is read later on its own. */
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

  /** Adds prefetched data of a head. A text that does not match the entry's id is ignored on reading. */
  async learn(repository: RepositoryRef, { sha, entry }: PreviewHead, text: string | undefined): Promise<void> {
    if (this.#heads.size > MAX_HEADS) this.#heads.clear();
    this.#heads.set(keyOf(repository, sha), entry);
    if (isPlain(entry) && text !== undefined) await this.#cache.set(blobKey(entry.oid), text);
  }

  /** Null: there is no file at that head. Undefined: it must be read. */
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
