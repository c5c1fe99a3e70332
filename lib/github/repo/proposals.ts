import { createHash } from 'node:crypto';
import { GreenroomError } from '../../core/errors.ts';
import type { ChangeSet } from '../../core/fileset.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import { parseTrailers } from '../../gitops/message.ts';
import type { Proposal, ProposalRequest, ProposalResult, Proposals } from '../../gitops/proposals.ts';
import { PROPOSAL_BRANCH, STRAYS_PROPOSAL } from '../../model/proposal.ts';
import { reasons } from '../git/branch.ts';
import { commitInput, type EffectiveChange, effectiveChange } from '../git/change.ts';
import type { GitData } from '../git/git-data.ts';
import type { Commit } from '../git/objects.ts';
import type { TreeReader } from '../git/trees.ts';
import type { GraphQLError } from '../http/answer.ts';
import type { GitHubClient } from '../http/client.ts';
import { pagesOf } from '../http/pages.ts';
import {
  CREATE_AGAIN,
  ENABLE_AUTO_MERGE,
  FIELDS,
  type FoundNode,
  type FoundPull,
  LIST,
  type ListAnswer,
  MOVE_AND_CREATE,
  MOVE_AND_UPDATE,
  OPEN,
  READ,
  readTreesAndProposal,
  STAGE,
  WITHDRAW,
} from './proposal-queries.ts';

/** A new commit is made on this branch first: a proposal's branch without its own commits would close its pull request. */
const STAGING = `${PROPOSAL_BRANCH}staging/`;
const ROUNDS = 3;

export interface ProposalsOptions {
  readonly client: GitHubClient;
  readonly repository: RepositoryRef;
  readonly trees: TreeReader;
  readonly gitData: GitData;
  readonly description: string;
  /** The base branch. */
  readonly branch: () => string;
}

interface Found {
  /** Head of the proposal's branch; null if there is none. */
  readonly oid: string | null;
  /** Of our commit there; empty if there is none. */
  readonly version: string;
  /** Whether that is our commit with the wanted change. */
  readonly isWanted: boolean;
  /** Whether a merge would bring more commits than ours, because the base branch was reset to an earlier commit. */
  readonly bringsMore: boolean;
  /** The latest pull request from that branch. */
  readonly pull: FoundPull | null;
  /** Head of the base branch. */
  readonly base: string | null;
  readonly mergeMethod: 'SQUASH' | 'REBASE' | 'MERGE';
}

/** The wanted change, with the commit that it builds on. */
interface Wanted extends ProposalRequest {
  readonly parent: Commit;
  readonly effective: EffectiveChange;
}

interface MutationAnswer {
  readonly createCommitOnBranch?: { readonly commit: { readonly oid: string } | null } | null;
  readonly createPullRequest?: { readonly pullRequest: FoundPull | null } | null;
  readonly updatePullRequest?: { readonly pullRequest: Pick<FoundPull, 'state'> | null } | null;
}

/**
 * Changes of the apps repo as pull requests: one branch and one pull request for each preview. Every round reads the
 * state again, so that a lost race or a lost answer still leads to one pull request.
 */
export class GitHubProposals implements Proposals {
  readonly repository: RepositoryRef;
  readonly #options: ProposalsOptions;
  readonly #client: GitHubClient;
  /** Prefetched data by preview name; used once, since it becomes outdated. */
  readonly #prefetched = new Map<string, FoundNode>();

  constructor(options: ProposalsOptions) {
    this.#options = options;
    this.#client = options.client;
    this.repository = options.repository;
  }

  lookAhead(name: string): void {
    this.#prefetched.delete(name);
    this.#options.trees.bringAlong({
      write: readTreesAndProposal,
      fields: FIELDS,
      variables: this.#refsOf(name),
      take: (repository) => this.#prefetched.set(name, repository as FoundNode),
    });
  }

  async propose(request: ProposalRequest): Promise<ProposalResult> {
    const message = `${request.message.trimEnd()}\nChange: ${versionOf(request)}\n`;
    let failure: unknown;
    for (let round = 0; round < ROUNDS; round += 1) {
      try {
        const found = await this.#read(request);
        if (found.base !== request.base || request.base === null) return { status: 'conflict' };
        const wanted = await this.#wanted({ ...request, message }, request.base);
        if (wanted !== null) return await this.#settle(wanted, found);
        const isOther = request.version !== undefined && !found.version.startsWith(request.version.kind);
        return isOther ? { status: 'none', outcome: 'unchanged' } : await this.#withdraw(request.name, found);
      } catch (error) {
        if (!(error instanceof GreenroomError) || (error.code === 'failed' && !(error instanceof Refused))) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  async list(): Promise<readonly Proposal[]> {
    const found: Proposal[] = [];
    const ask = async (after: string | null) => {
      const variables = { ...namesOf(this.repository), prefix: `refs/heads/${PROPOSAL_BRANCH}`, after };
      const { data, errors } = await this.#client.query<ListAnswer>(LIST, variables);
      const page = data?.repository?.refs;
      if (!page || errors.length > 0) throw this.#unreachable(reasons(errors));
      return page;
    };
    for await (const { nodes } of pagesOf(`${this.#options.description}, proposals`, ask)) {
      for (const node of nodes ?? []) {
        const [trailers] = parseTrailers(node?.target?.message ?? '');
        if (node !== null && trailers?.preview === node.name) {
          found.push({ name: node.name, pullRequest: trailers.pullRequest });
        } else if (node?.name === STRAYS_PROPOSAL) found.push({ name: node.name, pullRequest: null });
      }
    }
    return found;
  }

  #refsOf(name: string): { readonly ref: string; readonly baseRef: string; readonly base: string } {
    const base = this.#options.branch();
    return { ref: `refs/heads/${PROPOSAL_BRANCH}${name}`, baseRef: `refs/heads/${base}`, base };
  }

  async #read(request: ProposalRequest): Promise<Found> {
    const { name } = request;
    const known = this.#prefetched.get(name);
    this.#prefetched.delete(name);
    const { base, proposal, squashMergeAllowed, rebaseMergeAllowed } = known ?? (await this.#ask(name));
    const version = /\nChange: (.+)/.exec(proposal?.target?.message ?? '')?.[1] ?? '';
    return {
      oid: proposal?.target?.oid ?? null,
      version,
      isWanted: version === versionOf(request),
      bringsMore: (base?.compare?.aheadBy ?? 1) > 1,
      pull: proposal?.associatedPullRequests.nodes?.[0] ?? null,
      base: base?.target?.oid ?? null,
      mergeMethod: squashMergeAllowed ? 'SQUASH' : rebaseMergeAllowed ? 'REBASE' : 'MERGE',
    };
  }

  async #ask(name: string): Promise<FoundNode> {
    const variables = { ...namesOf(this.repository), ...this.#refsOf(name) };
    const { data, errors } = await this.#client.query<{ repository: FoundNode | null }>(READ, variables);
    if (!data?.repository || errors.length > 0) throw this.#unreachable(reasons(errors));
    return data.repository;
  }

  /** Null if the base branch is already as wanted. */
  async #wanted(request: ProposalRequest, base: string): Promise<Wanted | null> {
    if (request.change.size === 0) return null;
    const { trees, description } = this.#options;
    const { commit } = await trees.open({ commit: base }, [], false);
    if (commit === null) throw this.#unreachable(`there is no commit ${base}`);
    const effective = await effectiveChange(trees, commit, request.change, description);
    const isNothing = effective.additions.length === 0 && effective.deletions.length === 0;
    return isNothing ? null : { ...request, parent: commit, effective };
  }

  async #settle(wanted: Wanted, found: Found): Promise<ProposalResult> {
    const { pull } = found;
    if (found.isWanted && pull?.state === 'CLOSED') return { status: 'declined', outcome: 'unchanged', url: pull.url };
    const isMergeable = pull?.mergeable !== 'CONFLICTING' && !found.bringsMore;
    if (found.isWanted && pull?.state === 'OPEN' && isMergeable) {
      return this.#opened('unchanged', wanted, found, pull);
    }
    if (found.oid === null && !wanted.effective.replacesOtherKinds) {
      return this.#opened('opened', wanted, found, await this.#create(wanted));
    }
    const next = await this.#commit(wanted);
    if (pull?.state === 'OPEN') {
      const input = { pullRequestId: pull.id, title: wanted.title, body: wanted.body };
      const { updatePullRequest } = await this.#mutate(MOVE_AND_UPDATE, {
        refs: this.#move(wanted, found, next),
        pull: input,
      });
      if (updatePullRequest?.pullRequest?.state === 'OPEN') return this.#opened('updated', wanted, found, pull);
      // Somebody closed or merged it since it was read: that decision was about another version.
      const again = await this.#mutate(CREATE_AGAIN, { pull: this.#pullInput(wanted) });
      return this.#opened('opened', wanted, found, createdPull(again));
    }
    const answer = await this.#mutate(MOVE_AND_CREATE, {
      refs: this.#move(wanted, found, next),
      pull: this.#pullInput(wanted),
    });
    return this.#opened('opened', wanted, found, createdPull(answer));
  }

  /** Branch, commit and pull request in one request; GitHub carries them out in this order. */
  async #create(wanted: Wanted): Promise<FoundPull> {
    const branch = PROPOSAL_BRANCH + wanted.name;
    const answer = await this.#mutate(OPEN, {
      refs: this.#refs([{ name: branch, beforeOid: zero(wanted.parent.oid), afterOid: wanted.parent.oid }]),
      commit: commitInput(this.repository, branch, wanted.parent.oid, wanted.effective, wanted.message),
      pull: this.#pullInput(wanted),
    });
    return createdPull(answer);
  }

  async #commit({ name, parent, effective, message }: Wanted): Promise<string> {
    if (effective.replacesOtherKinds) return (await this.#options.gitData.commit(parent, effective, message)).oid;
    const branch = STAGING + name;
    const answer = await this.#mutate(STAGE, {
      refs: this.#refs([{ name: branch, afterOid: parent.oid, force: true }]),
      commit: commitInput(this.repository, branch, parent.oid, effective, message),
    });
    const oid = answer.createCommitOnBranch?.commit?.oid;
    if (oid === undefined) throw new Refused('no commit was made');
    return oid;
  }

  /** A compare-and-swap, so that commits of others are not overwritten. */
  #move({ name, parent, effective }: Wanted, { oid }: Found, next: string): object {
    const none = zero(parent.oid);
    const staging = { name: STAGING + name, afterOid: none, force: true };
    return this.#refs([
      { name: PROPOSAL_BRANCH + name, beforeOid: oid ?? none, afterOid: next, force: true },
      ...(effective.replacesOtherKinds ? [] : [staging]),
    ]);
  }

  async #withdraw(name: string, { oid, pull }: Found): Promise<ProposalResult> {
    if (oid === null) return { status: 'none', outcome: 'unchanged' };
    const refs = this.#refs([{ name: PROPOSAL_BRANCH + name, beforeOid: oid, afterOid: zero(oid) }]);
    // Removing the branch closes the pull request. Closing it first would look like "declined" if the branch stays.
    await this.#mutate(WITHDRAW, { refs });
    if (pull?.state !== 'OPEN') return { status: 'none', outcome: 'unchanged' };
    return { status: 'none', outcome: 'withdrawn', url: pull.url };
  }

  async #opened(
    outcome: 'opened' | 'updated' | 'unchanged',
    wanted: Wanted,
    found: Found,
    pull: FoundPull,
  ): Promise<ProposalResult> {
    const note = wanted.autoMerge ? await this.#autoMerge(outcome, wanted, found, pull) : null;
    return { status: 'open', outcome, url: pull.url, note };
  }

  /** The apps repo's settings decide whether auto-merge is allowed; if not, a note says so. */
  async #autoMerge(outcome: string, { message }: Wanted, found: Found, pull: FoundPull): Promise<string | null> {
    if (pull.autoMergeRequest !== null) return null;
    if (outcome === 'unchanged' && !pull.viewerCanEnableAutoMerge) return null;
    const [commitHeadline = '', ...body] = message.split('\n');
    const texts = found.mergeMethod === 'REBASE' ? {} : { commitHeadline, commitBody: body.join('\n').trim() };
    const input = { pullRequestId: pull.id, mergeMethod: found.mergeMethod, ...texts };
    try {
      const { errors } = await this.#client.mutate(ENABLE_AUTO_MERGE, { input });
      return errors.length === 0 ? null : `${pull.url} is not merged automatically: ${reasons(errors)}`;
    } catch (error) {
      if (!(error instanceof GreenroomError)) throw error;
      return `${pull.url} is not merged automatically: ${error.message}`;
    }
  }

  #pullInput({ name, title, body }: Wanted): object {
    return {
      repositoryId: this.#options.trees.facts.id,
      baseRefName: this.#options.branch(),
      headRefName: PROPOSAL_BRANCH + name,
      title,
      body,
    };
  }

  #refs(updates: readonly { name: string; beforeOid?: string; afterOid: string; force?: boolean }[]): object {
    const refUpdates = updates.map((update) => ({ ...update, name: `refs/heads/${update.name}` }));
    return { repositoryId: this.#options.trees.facts.id, refUpdates };
  }

  async #mutate(mutation: string, variables: Readonly<Record<string, unknown>>): Promise<MutationAnswer> {
    const { data, errors } = await this.#client.mutate<MutationAnswer>(mutation, variables);
    if (errors.length > 0 || data === null) throw new Refused(this.#sentence(errors));
    return data;
  }

  #sentence(errors: readonly GraphQLError[]): string {
    return `${this.#options.description} refused the pull request for it: ${reasons(errors)}`;
  }

  #unreachable(reason: string): GreenroomError {
    return new GreenroomError('unreachable', `${this.#options.description}: ${reason}`);
  }
}

/** May be a lost race: retried, and final in the last round. */
class Refused extends GreenroomError {
  constructor(message: string) {
    super('failed', message);
  }
}

function createdPull(answer: MutationAnswer): FoundPull {
  const pull = answer.createPullRequest?.pullRequest;
  if (!pull) throw new Refused('no pull request was made');
  return pull;
}

function versionOf({ version, change }: ProposalRequest): string {
  return version === undefined ? digestOf(change) : `${version.kind} ${version.id}`;
}

function digestOf(change: ChangeSet): string {
  return createHash('sha256')
    .update(JSON.stringify([...change]))
    .digest('hex');
}

/** The id that means "no object". */
function zero(oid: string): string {
  return '0'.repeat(oid.length);
}
