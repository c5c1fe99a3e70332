import type { RepositoryRef } from '../../../lib/core/repository.ts';
import type { GitData } from '../../../lib/github/git/git-data.ts';
import type { TreeReader } from '../../../lib/github/git/trees.ts';
import type { GraphQLAnswer } from '../../../lib/github/http/answer.ts';
import type { GitHubClient } from '../../../lib/github/http/client.ts';
import type { FoundNode, FoundPull, ListAnswer } from '../../../lib/github/repo/proposal-queries.ts';
import { GitHubProposals } from '../../../lib/github/repo/proposals.ts';
import { GitAppsRepo } from '../../../lib/gitops/git.ts';
import type { MemoryGit } from './git.ts';

/** One request to the other side. */
export type Gate = <T>(perform: () => Promise<T>) => Promise<T>;

export interface Review {
  readonly number: number;
  readonly branch: string;
  title: string;
  state: FoundPull['state'];
}

interface RefUpdate {
  readonly name: string;
  readonly afterOid: string;
  readonly beforeOid?: string;
  readonly force?: boolean;
}

interface CommitInput {
  readonly branch: { readonly branchName: string };
  readonly expectedHeadOid: string;
  readonly message: { readonly headline: string; readonly body: string };
  readonly fileChanges: {
    readonly additions: readonly { readonly path: string; readonly contents: string }[];
    readonly deletions: readonly { readonly path: string }[];
  };
}

interface PullInput {
  readonly headRefName: string;
  readonly title: string;
  readonly pullRequestId: string;
}

interface Variables {
  readonly refs?: { readonly refUpdates: readonly RefUpdate[] };
  readonly commit?: CommitInput;
  readonly pull?: PullInput;
  readonly ref?: string;
  readonly prefix?: string;
}

const ZERO = /^0+$/;
const HEADS = 'refs/heads/';

/**
 * The pull requests of an apps repo whose objects lie in memory, as far as GitHub's proposals use them: what they ask over
 * GraphQL is answered the way the fake GitHub does, without a process and a socket.
 */
export class MemoryReviews {
  /** All that ever were, oldest first. */
  readonly pulls: Review[] = [];
  /** Every branch but the one that is proposed to. */
  readonly branches = new Map<string, string>();
  readonly #store: MemoryGit;
  readonly #repository: RepositoryRef;

  constructor(store: MemoryGit, repository: RepositoryRef) {
    this.#store = store;
    this.#repository = repository;
  }

  /** The product's own proposals over this. */
  open(gate: Gate): GitHubProposals {
    const client: Pick<GitHubClient, 'query' | 'mutate'> = {
      query: <T>(_: string, variables: object) =>
        gate(async () => ({ data: { repository: this.#read(variables as Variables) } as T, errors: [] })),
      mutate: <T>(text: string, variables: object) => gate(() => this.#mutate<T>(text, variables as Variables)),
    };
    const trees: Pick<TreeReader, 'facts' | 'open' | 'find' | 'bringAlong'> = {
      facts: { id: 'R_1', nameWithOwner: 'acme/previews', isArchived: false },
      open: async (revision) => {
        const commit = 'commit' in revision ? await this.#store.commit(revision.commit) : undefined;
        return { commit: commit ?? null, branch: undefined };
      },
      find: async ({ tree }, globs) => {
        const files = this.#store.files(tree);
        const paths = globs.flatMap(({ segments, deep }) => {
          const path = segments.map(({ literal }) => literal).join('/');
          if (!deep) return files.has(path) ? [path] : [];
          return [...files.keys()].filter((other) => other.startsWith(`${path}/`));
        });
        return new Map(paths.map((path) => [path, { mode: '100644', oid: files.get(path)! }]));
      },
      bringAlong: ({ variables, take }) => take(this.#read(variables as Variables)),
    };
    return new GitHubProposals({
      client: client as GitHubClient,
      repository: this.#repository,
      trees: trees as TreeReader,
      gitData: undefined as unknown as GitData,
      description: 'memory (main)',
      branch: () => 'main',
    });
  }

  /** Merges as the button does: one commit on the base, the branch stays. False where that cannot be. */
  merge(number: number): boolean {
    const pull = this.#open(number);
    if (pull === undefined || this.#mergeable(pull) !== 'MERGEABLE') return false;
    const commit = this.branches.get(pull.branch)!;
    const merged = new Map(this.#store.files(this.#store.parsed(this.#store.branch!)!.tree));
    for (const [path, { after }] of this.#changes(commit)) {
      if (after === undefined) merged.delete(path);
      else merged.set(path, after);
    }
    this.#store.branch = this.#store.commitFiles(merged, this.#store.branch!, this.#store.message(commit));
    pull.state = 'MERGED';
    return true;
  }

  /** Closes without merging. */
  decline(number: number): boolean {
    const pull = this.#open(number);
    if (pull !== undefined) pull.state = 'CLOSED';
    return pull !== undefined;
  }

  #open(number: number): Review | undefined {
    return this.pulls.find((pull) => pull.number === number && pull.state === 'OPEN');
  }

  #head(branch: string): string | null {
    return (branch === 'main' ? this.#store.branch : this.branches.get(branch)) ?? null;
  }

  #refNode(branch: string) {
    const oid = this.#head(branch);
    return oid === null ? null : { target: { oid, message: this.#store.message(oid) } };
  }

  #read({ ref, prefix }: Variables): FoundNode | NonNullable<ListAnswer['repository']> {
    if (prefix !== undefined) {
      const names = [...this.branches.keys()].filter((name) => `${HEADS}${name}`.startsWith(prefix)).sort();
      const nodes = names.map((name) => ({ ...this.#refNode(name)!, name: `${HEADS}${name}`.slice(prefix.length) }));
      return { refs: { pageInfo: { hasNextPage: false, endCursor: null }, nodes } };
    }
    const branch = ref!.slice(HEADS.length);
    const node = this.#refNode(branch);
    const latest = this.pulls.findLast((pull) => pull.branch === branch);
    const nodes = latest === undefined ? [] : [this.#pullNode(latest)];
    return {
      squashMergeAllowed: true,
      rebaseMergeAllowed: true,
      base: { ...this.#refNode('main')!, compare: node === null ? null : { aheadBy: this.#aheadBy(node.target.oid) } },
      proposal: node === null ? null : { ...node, associatedPullRequests: { nodes } },
    };
  }

  #pullNode(pull: Review): FoundPull {
    return {
      id: `PR_${pull.number}`,
      url: `https://github.com/acme/previews/pull/${pull.number}`,
      state: pull.state,
      mergeable: this.#mergeable(pull),
      viewerCanEnableAutoMerge: false,
      autoMergeRequest: null,
    };
  }

  #mergeable({ branch, state }: Review): FoundPull['mergeable'] {
    const commit = this.branches.get(branch);
    if (commit === undefined || state !== 'OPEN') return 'UNKNOWN';
    const main = this.#store.files(this.#store.parsed(this.#store.branch!)!.tree);
    const clashes = [...this.#changes(commit)].some(
      ([path, { before, after }]) => main.get(path) !== before && main.get(path) !== after,
    );
    return clashes ? 'CONFLICTING' : 'MERGEABLE';
  }

  #aheadBy(commit: string): number {
    const base = this.#store.forkPoint(commit, this.#store.branch!);
    let count = 0;
    for (let oid = commit; oid !== base; oid = this.#store.parsed(oid)!.parent!) count += 1;
    return count;
  }

  /** What a branch brings, since it left the one that it is proposed to. */
  #changes(commit: string) {
    return this.#store.changes(this.#store.forkPoint(commit, this.#store.branch!), commit);
  }

  /** Fields of a mutation one after another; one that fails does not undo those before it, nor hold up those after. */
  async #mutate<T>(text: string, { refs, commit, pull }: Variables): Promise<GraphQLAnswer<T>> {
    const data: Record<string, unknown> = {};
    const errors: { message: string }[] = [];
    for (const [, field = ''] of text.matchAll(/\b(\w+)\(input:/g)) {
      try {
        if (field === 'updateRefs') data[field] = this.#updateRefs(refs!.refUpdates);
        else if (field === 'createCommitOnBranch') data[field] = await this.#commit(commit!);
        else if (field === 'createPullRequest') data[field] = this.#create(pull!);
        else if (field === 'updatePullRequest') data[field] = this.#update(pull!);
        else throw new Error(`no mutation ${field}`);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        data[field] = null;
        errors.push({ message: error.message });
      }
    }
    return { data: data as T, errors };
  }

  /** All or nothing, each compared with what it has to be before. */
  #updateRefs(updates: readonly RefUpdate[]): object {
    for (const { name, beforeOid, afterOid, force } of updates) {
      const head = this.#head(name.slice(HEADS.length));
      const expected = beforeOid === undefined || (ZERO.test(beforeOid) ? head === null : beforeOid === head);
      if (!expected) throw new Refusal(`Reference ${name} is not at ${beforeOid}`);
      if (head !== null && !force && !ZERO.test(afterOid)) throw new Refusal(`${name}: not a fast forward`);
    }
    for (const { name, afterOid } of updates) {
      const branch = name.slice(HEADS.length);
      if (ZERO.test(afterOid)) this.branches.delete(branch);
      else this.branches.set(branch, afterOid);
      this.#moved(branch);
    }
    return {};
  }

  /** A branch that goes away, or has no commit of its own any more, closes its pull requests for good. */
  #moved(branch: string): void {
    if (!this.#isWithoutCommits(branch)) return;
    for (const pull of this.pulls) if (pull.branch === branch && pull.state === 'OPEN') pull.state = 'CLOSED';
  }

  #isWithoutCommits(branch: string): boolean {
    const head = this.#head(branch);
    return head === null || this.#store.forkPoint(head, this.#store.branch!) === head;
  }

  async #commit({ branch: { branchName }, expectedHeadOid, message, fileChanges }: CommitInput): Promise<object> {
    const access = {
      head: async () => this.#head(branchName),
      isStale: async (expected: string | null) => this.#head(branchName) !== expected,
      compareAndSwap: async (expected: string | null, next: string) => {
        if (this.#head(branchName) !== expected) return false;
        this.branches.set(branchName, next);
        return true;
      },
      fetch: async () => undefined,
      close: async () => undefined,
      description: branchName,
    };
    const removed = fileChanges.deletions.map(({ path }) => [path, null] as const);
    const added = fileChanges.additions.map(
      ({ path, contents }) => [path, Buffer.from(contents, 'base64').toString()] as const,
    );
    const result = await new GitAppsRepo(this.#store, access, () => 0).commit({
      expectedHead: expectedHeadOid,
      change: new Map([...removed, ...added]),
      message: `${message.headline}\n\n${message.body}`,
    });
    if (result.status === 'conflict') throw new Refusal(`Expected branch to point to "${expectedHeadOid}"`);
    this.#moved(branchName);
    return { commit: { oid: result.head } };
  }

  #create({ headRefName, title }: PullInput): object {
    if (this.#isWithoutCommits(headRefName)) throw new Refusal(`No commits between main and ${headRefName}`);
    if (this.pulls.some(({ branch, state }) => branch === headRefName && state === 'OPEN')) {
      throw new Refusal(`A pull request already exists for acme:${headRefName}.`);
    }
    const pull: Review = { number: this.pulls.length + 1, branch: headRefName, title, state: 'OPEN' };
    this.pulls.push(pull);
    return { pullRequest: this.#pullNode(pull) };
  }

  #update({ pullRequestId, title }: PullInput): object {
    const pull = this.#byId(pullRequestId);
    pull.title = title;
    return { pullRequest: { state: pull.state } };
  }

  #byId(id: string): Review {
    return this.pulls.find(({ number }) => `PR_${number}` === id)!;
  }
}

class Refusal extends Error {}
