import { GreenroomError } from '../core/errors.ts';
import type { ObjectFormat, ObjectType } from '../core/git/objects.ts';
import { decodeCommit, encodeObject } from '../core/git/objects.ts';
import type { GitOptions } from '../core/git/process.ts';
import { git } from '../core/git/process.ts';
import { ObjectReader } from '../core/git/reader.ts';
import type { LooseObjects } from './loose.ts';
import type { GitIdentity, GitSettings } from './settings.ts';

/** Files of the apps repo above this size in bytes are not read. */
const MAX_BLOB_BYTES = 16 * 1024 * 1024;
const CACHE_BYTES = 32 * 1024 * 1024;

export interface NewCommit {
  readonly tree: string;
  readonly parent: string | null;
  readonly message: string;
  /** Unix seconds. */
  readonly time: number;
}

/** Reads and writes the objects of one repository. It does not know about branches. */
export class GitRepository {
  readonly options: GitOptions;
  readonly settings: GitSettings;
  readonly #reader: ObjectReader;
  readonly #loose: LooseObjects;
  readonly #maxBlobBytes: number;

  /** @param maxBlobBytes larger files are not read */
  constructor(options: GitOptions, settings: GitSettings, loose: LooseObjects, maxBlobBytes = MAX_BLOB_BYTES) {
    this.options = options;
    this.settings = settings;
    this.#maxBlobBytes = maxBlobBytes;
    this.#reader = new ObjectReader(options, maxBlobBytes, 'the repository', CACHE_BYTES);
    this.#loose = loose;
  }

  get format(): ObjectFormat {
    return this.settings.format;
  }

  get objectsRead(): number {
    return this.#reader.objectsRead;
  }

  /** Id and tree of a commit, given by a full ref name or an id; undefined if there is none. */
  async commit(name: string): Promise<{ readonly oid: string; readonly tree: string } | undefined> {
    const object = await this.#reader.read(name);
    if (object === undefined) return undefined;
    if (object.type !== 'commit' || object.content === null) {
      throw new GreenroomError('failed', `${name} is a ${object.type}, not a commit`);
    }
    return { oid: object.oid, tree: decodeCommit(object.content).tree };
  }

  readonly tree = async (oid: string): Promise<Buffer> => {
    const object = await this.#reader.read(oid);
    if (object?.type !== 'tree' || object.content === null) {
      throw new GreenroomError('failed', `the repository is damaged or too large: tree ${oid} cannot be read`);
    }
    return object.content;
  };

  /** Text of a blob; undefined if it is missing. */
  async blob(oid: string): Promise<string | undefined> {
    const object = await this.#reader.read(oid);
    if (object === undefined) return undefined;
    if (object.content === null) {
      throw new GreenroomError(
        'failed',
        `a file of the repository is larger than ${this.#maxBlobBytes} bytes: blob ${oid}`,
      );
    }
    return object.content.toString('utf8');
  }

  /** Writes objects and a commit, and returns its id. No branch refers to it yet. */
  async write(objects: ReadonlyMap<string, Buffer>, commit: NewCommit): Promise<string> {
    this.#loose.write(objects);
    // The next change needs these trees.
    for (const [oid, data] of objects) {
      if (data.toString('latin1', 0, 5) === 'tree ') this.#remember(oid, 'tree', data);
    }
    if (this.settings.sign) return this.#signed(commit);
    const { oid, data } = encodeObject(this.format, 'commit', this.#encode(commit));
    this.#loose.write(new Map([[oid, data]]));
    this.#remember(oid, 'commit', data);
    return oid;
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  #remember(oid: string, type: ObjectType, data: Buffer): void {
    const content = data.subarray(data.indexOf(0) + 1);
    this.#reader.remember({ oid, type, size: content.length, content });
  }

  #encode({ tree, parent, message, time }: NewCommit): Buffer {
    const stamp = ({ name, email }: GitIdentity) => `${name} <${email}> ${time} +0000`;
    const lines = [
      `tree ${tree}`,
      ...(parent === null ? [] : [`parent ${parent}`]),
      `author ${stamp(this.settings.author)}`,
      `committer ${stamp(this.settings.committer)}`,
      '',
      wholeLines(message),
    ];
    return Buffer.from(lines.join('\n'));
  }

  /** Git itself signs, with the format, program and key of its configuration. */
  async #signed({ tree, parent, message, time }: NewCommit): Promise<string> {
    const { author, committer } = this.settings;
    const output = await git(
      this.options,
      ['commit-tree', tree, ...(parent === null ? [] : ['-p', parent]), '-S', '-F', '-'],
      {
        doing: 'signing the commit (commit.gpgSign is on)',
        input: wholeLines(message),
        env: {
          GIT_AUTHOR_NAME: author.name,
          GIT_AUTHOR_EMAIL: author.email,
          GIT_AUTHOR_DATE: `${time} +0000`,
          GIT_COMMITTER_NAME: committer.name,
          GIT_COMMITTER_EMAIL: committer.email,
          GIT_COMMITTER_DATE: `${time} +0000`,
        },
      },
    );
    return output.trim();
  }
}

/** A commit message ends with one line feed; git would cut it at a NUL. */
function wholeLines(message: string): string {
  return `${message.replaceAll('\0', '').trimEnd()}\n`;
}
