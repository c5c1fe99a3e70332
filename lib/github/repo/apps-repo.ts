import { GreenroomError } from '../../core/errors.ts';
import type { ChangeSet } from '../../core/fileset.ts';
import { fileSet } from '../../core/fileset.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import type {
  AppsRepo,
  CommitRequest,
  CommitResult,
  CommitRoom,
  RecentCommit,
  RepoState,
  StatedCommit,
} from '../../gitops/apps-repo.ts';
import { checkPaths } from '../../gitops/check-paths.ts';
import { parseGlob } from '../../gitops/glob.ts';
import { Branch, lacks, reasons } from '../git/branch.ts';
import { commitInput, type EffectiveChange, effectiveChange } from '../git/change.ts';
import { GitData } from '../git/git-data.ts';
import { type Commit, isFile } from '../git/objects.ts';
import { TreeReader } from '../git/trees.ts';
import type { GraphQLError } from '../http/answer.ts';
import { Outdated } from '../http/change-queue.ts';
import type { GitHubClient } from '../http/client.ts';
import { isKnownRefusal } from '../http/refusals.ts';
import { GitHubProposals } from './proposals.ts';

const COMMIT = `mutation CommitFiles($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid tree { oid } } }
}`;

/** With about 200 files in one mutation GitHub answers 502. Larger commits are made of trees, in parts. */
const MAX_FILES = 180;

/** Folders of previews in one query: about 600 files. */
const PREFETCH = 40;

/**
 * The apps repo on GitHub, without a clone. Files are read by GraphQL. A change is written by `createCommitOnBranch`
 * against the head that it was planned on; GitHub signs the commit. Changes that this cannot express, and servers
 * without it, use Git objects over REST.
 */
export class GitHubAppsRepo implements AppsRepo {
  readonly description: string;
  readonly proposals: GitHubProposals;
  readonly #client: GitHubClient;
  readonly #repository: RepositoryRef;
  readonly #trees: TreeReader;
  readonly #access: Branch;
  readonly #gitData: GitData;
  #branch: string | undefined;
  #hasMutation = true;

  /** @param branch @default - the repository's default branch */
  constructor(client: GitHubClient, repository: RepositoryRef, branch?: string) {
    this.#client = client.for(namesOf(repository).owner);
    this.#repository = repository;
    this.#branch = branch;
    // Two levels: the names of the clusters below `previews` are fetched with the head, which saves a query.
    this.#trees = new TreeReader(this.#client, repository, 2);
    this.description = `${repository.path}${branch === undefined ? '' : ` (${branch})`}`;
    this.#access = new Branch(this.#client, repository, this.description);
    this.#gitData = new GitData(this.#client, repository, (oid) => this.#trees.treeData(oid));
    this.proposals = new GitHubProposals({
      client: this.#client,
      repository,
      trees: this.#trees,
      gitData: this.#gitData,
      description: this.description,
      branch: () => this.#branchName(),
    });
  }

  async read(globs: readonly string[], at?: string | null): Promise<RepoState> {
    const empty: RepoState = { head: null, files: new Map(), irregular: [] };
    if (at === null) return empty;
    const patterns = globs.map(parseGlob);
    const revision = at === undefined ? { branch: this.#branch } : { commit: at };
    const opened = await this.#trees.open(revision, patterns, true);
    this.#checkName();
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

  async readAhead(globs: readonly string[], at: string): Promise<void> {
    for (let i = 0; i < globs.length; i += PREFETCH) await this.read(globs.slice(i, i + PREFETCH), at);
  }

  async isEmpty(): Promise<boolean> {
    return (await this.#head()).isEmpty;
  }

  recent(since: number): Promise<readonly RecentCommit[]> {
    return this.#access.history(this.#branchName(), since);
  }

  statuses(since: number): Promise<readonly StatedCommit[]> {
    return this.#access.statuses(this.#branchName(), since);
  }

  ready(): Promise<void> {
    return this.#client.readyToPush();
  }

  room(): CommitRoom {
    return { commits: this.#client.freePushes, files: this.#hasMutation ? MAX_FILES : Number.POSITIVE_INFINITY };
  }

  async commit({ expectedHead, change, message }: CommitRequest): Promise<CommitResult> {
    checkPaths(change);
    if (expectedHead === null) return this.#first(change, message);
    const { commit } = await this.#trees.open({ commit: expectedHead }, [], false);
    // A commit that no longer exists cannot be the head.
    if (commit === null) return { status: 'conflict' };
    this.#checkName();
    if (this.#trees.facts.isArchived) throw this.#archived();
    const effective = await effectiveChange(this.#trees, commit, change, this.description);
    const { additions, deletions, replacesOtherKinds } = effective;
    if (additions.length === 0 && deletions.length === 0) {
      const { head } = await this.#head();
      return head === expectedHead ? { status: 'committed', head } : { status: 'conflict' };
    }
    const isSmall = additions.length + deletions.length <= MAX_FILES;
    try {
      const sent =
        this.#hasMutation && !replacesOtherKinds && isSmall ? await this.#send(commit, effective, message) : undefined;
      return sent ?? (await this.#build(commit, effective, message));
    } catch (error) {
      if (error instanceof Outdated) return { status: 'conflict' };
      throw error;
    }
  }

  /** Adds the written files to the cache. Failures do not matter: the files are then read again. */
  async #learn(parent: Commit, made: Commit, { additions, deletions }: EffectiveChange): Promise<void> {
    const change: ChangeSet = new Map([...deletions.map((path) => [path, null] as const), ...additions]);
    await this.#trees.learn(parent, made, change).catch((error: unknown) => {
      if (!(error instanceof GreenroomError)) throw error;
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Undefined if the server lacks the mutation. */
  async #send(parent: Commit, effective: EffectiveChange, message: string): Promise<CommitResult | undefined> {
    const expectedHeadOid = parent.oid;
    const branch = this.#branchName();
    const input = commitInput(this.#repository, branch, expectedHeadOid, effective, message);
    const { data, errors } = await this.#client.mutate<{
      createCommitOnBranch: { commit: { oid: string; tree: { oid: string } } | null } | null;
    }>(COMMIT, { input }, () => this.#access.isAt(branch, expectedHeadOid));
    const made = data?.createCommitOnBranch?.commit;
    if (made) {
      await this.#learn(parent, { oid: made.oid, tree: made.tree.oid }, effective);
      return { status: 'committed', head: made.oid };
    }
    this.#hasMutation = !lacks(errors, 'createCommitOnBranch', 'CreateCommitOnBranchInput');
    if (!this.#hasMutation) return undefined;
    this.#client.pushRefused();
    if (errors.some(isConflict) || (await this.#head()).head !== expectedHeadOid) return { status: 'conflict' };
    throw this.#refused(reasons(errors));
  }

  async #build(parent: Commit, effective: EffectiveChange, message: string): Promise<CommitResult> {
    try {
      const branch = this.#branchName();
      const still = () => this.#access.isAt(branch, parent.oid);
      const made = await this.#gitData.commit(parent, effective, message, still);
      const refusal = await this.#access.compareAndSwap(this.#trees.facts.id, branch, parent.oid, made.oid);
      if (refusal === null) {
        await this.#learn(parent, made, effective);
        return { status: 'committed', head: made.oid };
      }
      this.#client.pushRefused();
      throw this.#refused(refusal.reason);
    } catch (error) {
      // If the branch has moved, the refusal is a lost race, whatever the reason given.
      const isRefusal = error instanceof GreenroomError && error.code === 'failed';
      if (isRefusal && (await this.#head()).head !== parent.oid) return { status: 'conflict' };
      throw error;
    }
  }

  /**
   * The first commit. An empty repository accepts neither trees nor commits (409), only a single file; the other files
   * follow in a second commit.
   */
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
    const { owner, name: repo } = namesOf(this.#repository);
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
    if (others.length === 0) return { status: 'committed', head: sha };
    return this.commit({ expectedHead: sha, change: new Map(others), message });
  }

  #head(): Promise<{ head: string | null; isEmpty: boolean }> {
    return this.#access.head(this.#branchName());
  }

  #branchName(): string {
    this.#branch ??= 'main';
    return this.#branch;
  }

  /** The redirect from an old name only works until somebody creates another repository with that name. */
  #checkName(): void {
    const { owner, name } = namesOf(this.#repository);
    const { nameWithOwner } = this.#trees.facts;
    if (nameWithOwner.toLowerCase() === `${owner}/${name}`.toLowerCase()) return;
    throw new GreenroomError(
      'failed',
      `${owner}/${name} was renamed to ${nameWithOwner}: use the new name (--apps-repo ${nameWithOwner}), and check ` +
        'that the reconciler clones from there',
    );
  }

  #archived(): GreenroomError {
    return new GreenroomError(
      'failed',
      `${this.description} is archived, so nothing can be written to it: unarchive it (Settings, Danger Zone), or use ` +
        'another apps repo',
    );
  }

  #refused(reason: string): GreenroomError {
    // Push protection is reported as a rule violation too, and no bypass of branch rules helps there.
    const isProtected =
      !isKnownRefusal(reason) && /protected branch|rule violation|through a pull request|GH0(06|13)/i.test(reason);
    const hint = isProtected
      ? `. The branch is protected: let greenroom's account bypass the rule (Settings, Rules, Bypass list, or "Allow specified actors to bypass required pull requests"), or set commit.mode: pull-request in greenroom.yaml`
      : '';
    return new GreenroomError('failed', `${this.description} refused the commit: ${reason}${hint}`);
  }
}

/** Whether the head moved before or during the mutation. */
function isConflict({ type, message }: GraphQLError): boolean {
  return type === 'STALE_DATA' || /Expected branch to point to|is at [0-9a-f]{40,64} but expected/.test(message);
}
