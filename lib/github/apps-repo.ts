import { GreenroomError } from '../core/errors.ts';
import type { ChangeSet } from '../core/fileset.ts';
import { fileSet } from '../core/fileset.ts';
import { encodeObject, MODE, OBJECT_FORMATS } from '../core/git/objects.ts';
import type { RepositoryRef } from '../forge/forge.ts';
import type { AppsRepo, CommitRequest, CommitResult, RepoState } from '../gitops/apps-repo.ts';
import { checkPaths } from '../gitops/check-paths.ts';
import { parseGlob } from '../gitops/glob.ts';
import type { GitHubClient, GraphQLError } from './client.ts';
import { type Commit, type Entry, exactly, isFile, TreeReader } from './trees.ts';

const COMMIT = `mutation CommitFiles($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}`;

const HEAD = `query ReadHead($owner: String!, $name: String!, $ref: String!) {
  repository(owner: $owner, name: $name) { isEmpty ref(qualifiedName: $ref) { target { oid } } }
}`;

interface HeadAnswer {
  readonly repository: {
    readonly isEmpty: boolean;
    readonly ref: { readonly target: { readonly oid: string } | null } | null;
  } | null;
}

/** What a change comes down to against the tree that it was planned on. */
interface Effective {
  readonly additions: readonly (readonly [path: string, content: string])[];
  readonly deletions: readonly string[];
  /** What has to be gone before an addition can take its place: GitHub keeps the mode of what it overwrites. */
  readonly inTheWay: readonly string[];
}

/**
 * The apps repo on GitHub, without a clone: files by GraphQL, a change by `createCommitOnBranch` with the head that it
 * was planned against, signed by GitHub.
 */
export class GitHubAppsRepo implements AppsRepo {
  readonly description: string;
  readonly #client: GitHubClient;
  readonly #repository: RepositoryRef;
  readonly #trees: TreeReader;
  #branch: string | undefined;

  /** @param branch @default - the repository's default branch */
  constructor(client: GitHubClient, repository: RepositoryRef, branch?: string) {
    this.#client = client;
    this.#repository = repository;
    this.#branch = branch;
    // Two levels: with the head come the clusters below `previews`, and no preview has to be looked for by a star.
    this.#trees = new TreeReader(client, repository, 2);
    this.description = `${repository.owner}/${repository.name}${branch === undefined ? '' : ` (${branch})`}`;
  }

  async read(globs: readonly string[], at?: string | null): Promise<RepoState> {
    const empty: RepoState = { head: null, files: new Map(), irregular: [] };
    if (at === null) return empty;
    const patterns = globs.map(parseGlob);
    const revision = at === undefined ? { branch: this.#branch } : { commit: at };
    const opened = await this.#trees.open(revision, patterns, true);
    this.#branch ??= opened.branch;
    if (opened.commit === null) {
      if (at === undefined) return empty;
      throw new GreenroomError('unreachable', `${this.description} has no commit ${at}`);
    }
    const found = [...(await this.#trees.find(opened.commit, patterns, true))];
    const regular = found.filter(([, entry]) => isFile(entry));
    const contents = await this.#trees.contents(regular.map(([, { oid }]) => oid));
    return {
      head: opened.commit.oid,
      files: fileSet(regular.map(([path, { oid }]) => [path, contents.get(oid)!.toString('utf8')])),
      irregular: found.flatMap(([path, entry]) => (isFile(entry) ? [] : [path])).sort(),
    };
  }

  async commit({ expectedHead, change, message }: CommitRequest): Promise<CommitResult> {
    checkPaths(change);
    if (expectedHead === null) return this.#first(change, message);
    const { commit } = await this.#trees.open({ commit: expectedHead }, [], false);
    // A commit that is not there any more cannot be the head.
    if (commit === null) return { status: 'conflict' };
    const { additions, deletions, inTheWay } = await this.#effective(commit, change);
    if (additions.length === 0 && deletions.length === 0) {
      const { head } = await this.#head();
      return head === expectedHead ? { status: 'committed', head } : { status: 'conflict' };
    }
    if (inTheWay.length === 0) return this.#send(expectedHead, additions, deletions, message);
    const cleared = await this.#send(expectedHead, [], [...new Set([...deletions, ...inTheWay])], message);
    return cleared.status === 'conflict' ? cleared : this.#send(cleared.head, additions, [], message);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #effective(commit: Commit, change: ChangeSet): Promise<Effective> {
    const paths = [...change.keys()];
    const above = new Set(paths.flatMap(ancestors));
    const globs = [...new Set([...paths, ...above])].map((path) => exactly(path));
    const below = paths.map((path) => exactly(path, true));
    const present = await this.#trees.find(commit, [...globs, ...below], false);
    const format = commit.oid.length === 64 ? OBJECT_FORMATS.sha256 : OBJECT_FORMATS.sha1;
    const stays = (path: string) => present.has(path) && change.get(path) !== null;
    const additions: [string, string][] = [];
    const deletions: string[] = [];
    const inTheWay: string[] = [];
    for (const [path, content] of change) {
      const entry = present.get(path);
      const inside = [...present.keys()].filter((other) => other.startsWith(`${path}/`));
      if (content === null) {
        if (inside.length > 0) throw this.#clash(path, 'is a folder, not a file');
        if (entry !== undefined) deletions.push(path);
        continue;
      }
      if (inside.some(stays)) throw this.#clash(path, 'is a folder, not a file');
      const blocked = ancestors(path).filter((parent) => present.has(parent));
      const blocking = blocked.find(stays);
      if (blocking !== undefined) throw this.#clash(blocking, 'is a file, not a folder');
      if (isSame(entry, encodeObject(format, 'blob', Buffer.from(content)).oid)) continue;
      additions.push([path, content]);
      if (entry !== undefined && entry.mode !== MODE.file) inTheWay.push(path);
      inTheWay.push(...inside, ...blocked);
    }
    return { additions, deletions, inTheWay };
  }

  async #send(
    expectedHeadOid: string,
    additions: Effective['additions'],
    deletions: readonly string[],
    message: string,
  ): Promise<CommitResult> {
    const input = {
      branch: { repositoryNameWithOwner: this.#fullName(), branchName: this.#branch },
      expectedHeadOid,
      message: messageParts(message),
      fileChanges: {
        additions: additions.map(([path, text]) => ({ path, contents: Buffer.from(text).toString('base64') })),
        deletions: deletions.map((path) => ({ path })),
      },
    };
    const { data, errors } = await this.#client.mutate<{
      createCommitOnBranch: { commit: { oid: string } | null } | null;
    }>(COMMIT, { input });
    const head = data?.createCommitOnBranch?.commit?.oid;
    if (head !== undefined) return { status: 'committed', head };
    if (errors.some(isConflict) || (await this.#head()).head !== expectedHeadOid) return { status: 'conflict' };
    throw this.#refused(errors.map((error) => error.message).join('; '));
  }

  /** The first commit of all. GitHub cannot make one of several files, so the rest follows in a second one. */
  async #first(change: ChangeSet, message: string): Promise<CommitResult> {
    const { head, isEmpty } = await this.#head();
    if (head !== null) return { status: 'conflict' };
    if (!isEmpty) {
      throw new GreenroomError(
        'failed',
        `${this.description} has no such branch; create it from an existing one first`,
      );
    }
    const [file, ...others] = [...change].filter((entry): entry is [string, string] => entry[1] !== null);
    if (file === undefined) throw new GreenroomError('failed', `${this.description} is empty; nothing to remove`);
    const { owner, name: repo } = this.#repository;
    const answer = await this.#client.rest<{ commit?: { sha?: string; parents?: unknown[] } }>(
      'PUT /repos/{owner}/{repo}/contents/{path}',
      {
        owner,
        repo,
        path: file[0],
        branch: this.#branch,
        message,
        content: Buffer.from(file[1]).toString('base64'),
      },
      [409, 422],
    );
    const { sha, parents } = answer.data.commit ?? {};
    if (sha === undefined || parents?.length !== 0) return { status: 'conflict' };
    return others.length === 0 ? { status: 'committed', head: sha } : this.#send(sha, others, [], message);
  }

  async #head(): Promise<{ head: string | null; isEmpty: boolean }> {
    const { owner, name } = this.#repository;
    this.#branch ??= 'main';
    const variables = { owner, name, ref: `refs/heads/${this.#branch}` };
    const { data, errors } = await this.#client.query<HeadAnswer>(HEAD, variables);
    if (!data?.repository) {
      const reason = errors[0]?.message ?? 'no answer';
      throw new GreenroomError('unreachable', `${this.description} cannot be read: ${reason}`);
    }
    return { head: data.repository.ref?.target?.oid ?? null, isEmpty: data.repository.isEmpty };
  }

  #refused(reason: string): GreenroomError {
    const isProtected = /protected branch|rule violation|through a pull request|GH0(06|13)/i.test(reason);
    const hint = isProtected
      ? `. The branch is protected: let greenroom's account bypass the rule (Settings, Rules, Bypass list, or "Allow specified actors to bypass required pull requests")`
      : '';
    return new GreenroomError(
      'failed',
      `${this.description} refused the commit: ${reason || 'no reason given'}${hint}`,
    );
  }

  #clash(path: string, what: string): GreenroomError {
    return new GreenroomError('failed', `${path} ${what} in ${this.description}; remove it by hand and run again`);
  }

  #fullName(): string {
    return `${this.#repository.owner}/${this.#repository.name}`;
  }
}

function isSame(entry: Entry | undefined, oid: string): boolean {
  return entry?.mode === MODE.file && entry.oid === oid;
}

function ancestors(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
}

/** The head moved, seen before the commit was made or while it was. */
function isConflict({ type, message }: GraphQLError): boolean {
  return type === 'STALE_DATA' || /Expected branch to point to|is at [0-9a-f]{40,64} but expected/.test(message);
}

function messageParts(message: string): { headline: string; body: string } {
  const [headline = '', ...body] = message.split('\n');
  return { headline, body: body.join('\n').trim() };
}
