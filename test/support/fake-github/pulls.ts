import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PullFile } from '../forge.ts';
import { COMMIT_TIME, GIT_ENV, git, moveBranch, writeCommit } from '../git.ts';
import type { FakeGitHub } from './server.ts';
import { FakeError, type FakeRepository } from './store.ts';

export interface CreatePullInput {
  readonly repositoryId: string;
  readonly baseRefName: string;
  readonly headRefName: string;
  readonly title: string;
  readonly body?: string;
}

/** A pull request from a branch of the repository itself. */
export function createPull(fake: FakeGitHub, repo: FakeRepository, input: CreatePullInput): PullFile {
  fake.allow('pull_requests');
  const sha = repo.head(input.headRefName);
  if (sha === null) throw new FakeError('UNPROCESSABLE', `Head sha can't be blank, ${input.headRefName}`);
  const [head, base] = [input.headRefName, input.baseRefName];
  if (isMerged(repo, head, base)) throw new FakeError('UNPROCESSABLE', `No commits between ${base} and ${head}`);
  const pulls = repo.pullRequests();
  if (pulls.some((pull) => pull.state === 'open' && pull.head.ref === head && pull.head.repositoryId === repo.id)) {
    throw new FakeError('UNPROCESSABLE', `A pull request already exists for ${repo.owner}:${head}.`);
  }
  const number = Math.max(0, ...pulls.map((pull) => pull.number)) + 1;
  const time = new Date((COMMIT_TIME + number) * 1000).toISOString();
  const pull: PullFile = {
    number,
    repositoryId: repo.id,
    state: 'open',
    merged: false,
    draft: false,
    labels: [],
    head: { sha, ref: head, repositoryId: repo.id },
    author: fake.login,
    title: input.title,
    createdAt: time,
    updatedAt: time,
    closedAt: null,
  };
  savePull(repo, pull);
  fake.bodies.set(subjectOf(repo, pull), input.body ?? '');
  return pull;
}

export function updatePull(
  fake: FakeGitHub,
  repo: FakeRepository,
  pull: PullFile,
  title?: string,
  body?: string,
): PullFile {
  fake.allow('pull_requests');
  const updated = { ...pull, title: title ?? pull.title };
  savePull(repo, updated);
  if (body !== undefined) fake.bodies.set(subjectOf(repo, pull), body);
  return updated;
}

export function closePull(repo: FakeRepository, pull: PullFile, merged = false): void {
  if (pull.state === 'closed') throw new FakeError('UNPROCESSABLE', 'Could not close the pull request.');
  savePull(repo, { ...pull, state: 'closed', merged, closedAt: pull.updatedAt });
}

/** Merges as the button does: one commit on the base, the branch stays. */
export function mergePull(fake: FakeGitHub, owner: string, name: string, number: number, base = 'main'): void {
  const repo = fake.repository(owner, name)!;
  const pull = repo.pullRequest(number)!;
  const [ours, theirs] = [repo.head(base)!, repo.head(pull.head.ref)!];
  const tree = git(repo.gitDir, ['merge-tree', '--write-tree', ours, theirs]).split('\n')[0]!;
  const message = git(repo.gitDir, ['log', '-1', '--format=%B', theirs]);
  moveBranch(repo.gitDir, base, writeCommit(repo.gitDir, tree, [ours], `${message}\n`));
  closePull(repo, pull, true);
}

/** A branch that goes away, or has no commit of its own any more, closes its pull requests for good. */
export function branchMoved(repo: FakeRepository, branch: string): void {
  for (const pull of repo.pullRequests()) {
    if (pull.state !== 'open' || pull.head.ref !== branch || pull.head.repositoryId !== repo.id) continue;
    const sha = repo.head(branch);
    if (sha === null || isMerged(repo, branch, repo.defaultBranch())) closePull(repo, pull);
    else savePull(repo, { ...pull, head: { ...pull.head, sha } });
  }
}

export function mergeable(repo: FakeRepository, pull: PullFile): 'MERGEABLE' | 'CONFLICTING' | 'UNKNOWN' {
  const [base, head] = [repo.head(repo.defaultBranch()), repo.head(pull.head.ref)];
  if (base === null || head === null || pull.state === 'closed') return 'UNKNOWN';
  if (repo.isAncestor(base, head)) return 'MERGEABLE';
  const args = ['merge-tree', '--write-tree', base, head];
  return spawnSync('git', args, { cwd: repo.gitDir, env: GIT_ENV }).status === 0 ? 'MERGEABLE' : 'CONFLICTING';
}

export function subjectOf(repo: FakeRepository, pull: PullFile): string {
  return `PR_${repo.id}_${pull.number}`;
}

/** Repository and pull request of a node id. */
export function pullOfNode(fake: FakeGitHub, id: string): { repo: FakeRepository; pull: PullFile } {
  const [, repositoryId, number] = id.split('_');
  const repo = fake.repositoryById(Number(repositoryId));
  const pull = repo?.pullRequest(Number(number));
  if (repo === undefined || pull === undefined) {
    throw new FakeError('NOT_FOUND', `Could not resolve to a node with the global id of '${id}'`);
  }
  return { repo, pull };
}

export function savePull(repo: FakeRepository, pull: PullFile): void {
  if (!existsSync(repo.pulls)) mkdirSync(repo.pulls, { recursive: true });
  const file = join(repo.pulls, `${pull.number}.json`);
  writeFileSync(`${file}.tmp`, JSON.stringify(pull));
  renameSync(`${file}.tmp`, file);
}

function isMerged(repo: FakeRepository, branch: string, base: string): boolean {
  const [head, into] = [repo.head(branch), repo.head(base)];
  return head !== null && into !== null && repo.isAncestor(head, into);
}
