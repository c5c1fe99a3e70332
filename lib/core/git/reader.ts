import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { GreenroomError } from '../errors.ts';
import { gitFailure } from './failure.ts';
import type { ObjectType } from './objects.ts';
import type { GitOptions } from './process.ts';
import { spawnGit } from './process.ts';
import { redact } from './redact.ts';

export interface StoredObject {
  readonly oid: string;
  readonly type: ObjectType;
  /** Bytes. */
  readonly size: number;
  /** Null for an object above the size limit. */
  readonly content: Buffer | null;
}

interface Waiting {
  readonly resolve: (object: StoredObject | undefined) => void;
  readonly reject: (error: Error) => void;
}

const LF = 0x0a;

/**
 * Reads objects of one repository through one `git cat-file --batch` process. It is started with the first request and
 * answers in the order of the requests, so that many can be sent without waiting.
 */
export class ObjectReader {
  readonly #options: GitOptions;
  readonly #maxBytes: number;
  readonly #description: string;
  #child: ChildProcessWithoutNullStreams | undefined;
  #exited: Promise<void> = Promise.resolve();
  readonly #waiting: Waiting[] = [];
  /** Cached objects by id, oldest first. */
  readonly #known = new Map<string, StoredObject>();
  readonly #cacheBytes: number;
  #knownBytes = 0;
  #objectsRead = 0;

  /**
   * @param maxBytes larger contents are not returned
   * @param description of the repository, for messages
   * @param cacheBytes size of the cache
   */
  constructor(options: GitOptions, maxBytes: number, description: string, cacheBytes: number) {
    this.#options = options;
    this.#maxBytes = maxBytes;
    this.#description = description;
    this.#cacheBytes = cacheBytes;
  }

  /** How many objects were requested so far, as a measure of cost. */
  get objectsRead(): number {
    return this.#objectsRead;
  }

  /** The object with this id or full ref name; undefined if there is none. */
  read(name: string): Promise<StoredObject | undefined> {
    const known = this.#known.get(name);
    if (known !== undefined) return Promise.resolve(known);
    if (/[\n\0]/.test(name)) return Promise.reject(new Error('an object name of two lines'));
    const child = this.#child ?? this.#start();
    this.#objectsRead += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      child.stdin.write(`${name}\n`);
    });
  }

  /** Adds an object to the cache, e.g. one that the caller has just written. */
  remember(object: StoredObject): void {
    if (object.content === null || this.#known.has(object.oid)) return;
    this.#known.set(object.oid, object);
    this.#knownBytes += object.size;
    for (const [oid, { size }] of this.#known) {
      if (this.#knownBytes <= this.#cacheBytes) break;
      this.#known.delete(oid);
      this.#knownBytes -= size;
    }
  }

  async close(): Promise<void> {
    this.#child?.stdin.end();
    await this.#exited;
  }

  #start(): ChildProcessWithoutNullStreams {
    const child = spawnGit(this.#options, ['cat-file', '--batch']);
    const parser = new BatchParser(this.#maxBytes, (object) => {
      if (object !== undefined) this.remember(object);
      this.#waiting.shift()?.resolve(object);
    });
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => parser.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => {});
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      const end = (error: () => GreenroomError) => {
        if (this.#child === child) this.#child = undefined;
        for (const { reject } of this.#waiting.splice(0)) reject(error());
        resolve();
      };
      child.on('error', (cause) =>
        end(
          () => new GreenroomError('failed', 'git could not be started: is it installed and on the PATH?', { cause }),
        ),
      );
      child.on('close', () => {
        const words = redact(Buffer.concat(stderr).toString('utf8'), this.#options.secrets);
        end(() => gitFailure(`reading ${this.#description}`, words));
      });
    });
    return child;
  }
}

/** Parses the answers of `cat-file --batch`: `id SP type SP size LF bytes LF`, or `name SP missing LF`. */
class BatchParser {
  readonly #maxBytes: number;
  readonly #emit: (object: StoredObject | undefined) => void;
  #header: Buffer = Buffer.alloc(0);
  #current: { oid: string; type: ObjectType; size: number; keep: boolean } | undefined;
  #parts: Buffer[] = [];
  /** Missing bytes of the current object, including its final line feed. */
  #left = 0;

  constructor(maxBytes: number, emit: (object: StoredObject | undefined) => void) {
    this.#maxBytes = maxBytes;
    this.#emit = emit;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length)
      at = this.#current === undefined ? this.#readHeader(chunk, at) : this.#readBody(chunk, at);
  }

  #readHeader(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(LF, at);
    if (end < 0) {
      this.#header = Buffer.concat([this.#header, chunk.subarray(at)]);
      return chunk.length;
    }
    const line = this.#header.toString('utf8') + chunk.toString('utf8', at, end);
    this.#header = Buffer.alloc(0);
    const [, oid, type, size] = /^([0-9a-f]+) (blob|tree|commit|tag) (\d+)$/.exec(line) ?? [];
    if (oid === undefined) {
      this.#emit(undefined);
    } else {
      this.#current = { oid, type: type as ObjectType, size: Number(size), keep: Number(size) <= this.#maxBytes };
      this.#left = Number(size) + 1;
    }
    return end + 1;
  }

  #readBody(chunk: Buffer, at: number): number {
    const current = this.#current!;
    const end = Math.min(chunk.length, at + this.#left);
    if (current.keep) this.#parts.push(chunk.subarray(at, end));
    this.#left -= end - at;
    if (this.#left === 0) {
      const content = current.keep ? Buffer.concat(this.#parts, current.size) : null;
      this.#parts = [];
      this.#current = undefined;
      this.#emit({ oid: current.oid, type: current.type, size: current.size, content });
    }
    return end;
  }
}
