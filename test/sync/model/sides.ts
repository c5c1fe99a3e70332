import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { encodeObject, OBJECT_FORMATS } from '../../../lib/core/git/objects.ts';
import { namesOf, type RepositoryRef } from '../../../lib/core/repository.ts';
import { GitHubForge } from '../../../lib/github/forge.ts';
import { type OverrideNode, overrideOf } from '../../../lib/github/pulls/override.ts';
import { GitHubAppsRepo } from '../../../lib/github/repo/apps-repo.ts';
import type { AppsRepo } from '../../../lib/gitops/apps-repo.ts';
import { COMMENT_MARKER } from '../../../lib/report/markers.ts';
import type { SyncContext } from '../../../lib/sync/plan/base.ts';
import { clientOf } from '../../support/fake-github/client.ts';
import { statusNode } from '../../support/fake-github/people-graphql.ts';
import { closePull, mergeable, mergePull } from '../../support/fake-github/pulls.ts';
import { FakeGitHub, type Shown } from '../../support/fake-github/server.ts';
import { type ForgeFixture, TestForge } from '../../support/forge.ts';
import { bareRepo, git, headOf } from '../../support/git.ts';
import { MemoryForge } from '../../support/memory/forge.ts';
import { MemoryGit } from '../../support/memory/git.ts';
import { type Gate, MemoryReviews } from '../../support/memory/reviews.ts';
import type { Talk } from './hosting.ts';
import { noAnswer, type Trouble } from './stage.ts';

/** Forge and apps repo of a simulation, as code uses them and as a test looks into them. */
export interface Side {
  readonly on: ForgeFixture & Talk;
  /** Where people see pull requests; null where they cannot. */
  readonly pages: string | null;
  /** A fresh pair of doors, as a process of its own would open them. @param gate around each request about proposals */
  open(clock: () => number, gate: Gate): SyncContext;
  proposals(): Proposals;
  /** Somebody merges or closes a proposal; false where it cannot be. */
  decide(number: number, what: 'merge' | 'decline'): boolean;
  under<T>(trouble: Trouble, perform: () => Promise<T>): Promise<T>;
  /** Whatever lagged behind has caught up. */
  catchUp(): void;
  /** The branch's commit. */
  head(): string;
  parent(commit: string): string | null;
  /** Ids of all files of a commit, by path. */
  files(commit: string): ReadonlyMap<string, string>;
  text(blob: string): string;
  /** Puts the branch somewhere else, whatever it holds. */
  reset(commit: string): void;
  /** Another commit of the same content and parent as this one. */
  twin(commit: string): string;
  close(): Promise<void>;
}

/** What was proposed to the apps repo. */
export interface Proposals {
  /** Commits by the names of previews. */
  readonly branches: ReadonlyMap<string, string>;
  /** Oldest first. */
  readonly pulls: readonly {
    readonly number: number;
    /** Of the preview. */
    readonly name: string;
    readonly state: 'open' | 'closed' | 'merged';
  }[];
}

const PREFIX = 'greenroom/';
const APPS = { path: 'acme/previews' };

/** @param clock unix seconds, of the forge */
export type MakeSide = (platform: string, clock: () => number) => Promise<Side>;

const SHA1 = OBJECT_FORMATS.sha1;

export async function memorySide(platform: string, now: () => number): Promise<Side> {
  const store = new MemoryGit();
  const on = new MemoryForge(now);
  const reviews = new MemoryReviews(store, APPS);
  const file = store.add(encodeObject(SHA1, 'blob', Buffer.from(platform)));
  store.branch = store.commitFiles(new Map([['greenroom.yaml', file]]), null, 'greenroom.yaml');
  const files = (commit: string) => store.files(store.parsed(commit)!.tree);
  return {
    on,
    pages: null,
    open: (clock, gate) => ({
      repo: Object.assign(store.open(clock), { proposals: reviews.open(gate) }),
      forge: on,
      clock,
    }),
    proposals: () => ({
      branches: new Map([...reviews.branches].map(([branch, commit]) => [branch.slice(PREFIX.length), commit])),
      pulls: reviews.pulls.map(({ number, branch, state }) => ({
        number,
        name: branch.slice(PREFIX.length),
        state: state === 'OPEN' ? 'open' : state === 'MERGED' ? 'merged' : 'closed',
      })),
    }),
    decide: (number, what) => (what === 'merge' ? reviews.merge(number) : reviews.decline(number)),
    async under(trouble, perform) {
      // There is no client that could wait, and nothing that lags.
      if (trouble === 'secondary' || trouble === 'lag') return perform();
      if (trouble === 'lost') await perform();
      throw noAnswer();
    },
    catchUp: () => undefined,
    head: () => store.branch!,
    parent: (commit) => store.parsed(commit)!.parent,
    files,
    text: (blob) => {
      const data = store.objects.get(blob)!;
      return data.toString('utf8', data.indexOf(0) + 1);
    },
    reset: (commit) => {
      store.branch = commit;
    },
    twin: (commit) => store.commitFiles(files(commit), store.parsed(commit)!.parent, `instead of ${commit}`),
    close: async () => undefined,
  };
}

export async function gitHubSide(platform: string, now: () => number): Promise<Side> {
  const on = new TestForge();
  const apps = bareRepo({ 'greenroom.yaml': platform });
  mkdirSync(join(on.path, 'acme'));
  symlinkSync(apps, join(on.path, 'acme', 'previews.git'));
  const fake = await FakeGitHub.start(on.path);
  fake.clock = now;
  /** Pull requests as they were before their last change, by node id. */
  const earlier = new Map<string, Shown>();
  return {
    on: talking(on, fake, earlier),
    pages: 'https://github.com',
    open: (clock, gate) => {
      const client = clientOf(fake);
      const repo = gated(new GitHubAppsRepo(client, APPS), gate);
      return { repo, forge: new GitHubForge(client, { clock }), clock };
    },
    proposals: () => {
      const lines = git(apps, ['for-each-ref', '--format=%(refname) %(objectname)', `refs/heads/${PREFIX}`]).split(
        '\n',
      );
      const pulls = fake.repository('acme', 'previews')!.pullRequests();
      return {
        branches: new Map(
          lines.filter(Boolean).map((line) => {
            const [ref = '', commit = ''] = line.split(' ');
            return [ref.slice(`refs/heads/${PREFIX}`.length), commit] as const;
          }),
        ),
        pulls: pulls.map(({ number, head, state, merged }) => ({
          number,
          name: head.ref.slice(PREFIX.length),
          state: state === 'open' ? 'open' : merged ? 'merged' : 'closed',
        })),
      };
    },
    decide: (number, what) => {
      const repo = fake.repository('acme', 'previews')!;
      const pull = repo.pullRequest(number)!;
      if (pull.state !== 'open' || (what === 'merge' && mergeable(repo, pull) !== 'MERGEABLE')) return false;
      if (what === 'merge') mergePull(fake, 'acme', 'previews', number);
      else closePull(repo, pull);
      return true;
    },
    async under(trouble, perform) {
      if (trouble === 'lag') for (const shown of earlier.values()) fake.showEarlier(shown, READS_BEHIND);
      else fake.fault = faultOf(trouble);
      return perform().finally(() => {
        fake.fault = () => undefined;
      });
    },
    catchUp: () => fake.catchUp(),
    head: () => headOf(apps)!,
    parent: (commit) => git(apps, ['log', '-1', '--format=%P', commit]) || null,
    files: (commit) =>
      new Map(
        git(apps, ['ls-tree', '-r', '-z', commit])
          .split('\0')
          .filter(Boolean)
          .map((line) => [line.slice(line.indexOf('\t') + 1), line.split(/[ \t]/)[2]!]),
      ),
    text: (blob) => git(apps, ['cat-file', 'blob', blob]),
    reset: (commit) => void git(apps, ['update-ref', 'refs/heads/main', commit]),
    twin: (commit) => {
      const [tree = '', parent] = git(apps, ['log', '-1', '--format=%T %P', commit]).split(' ');
      return git(apps, ['commit-tree', tree, ...(parent ? ['-p', parent] : []), '-m', `instead of ${commit}`]);
    },
    close: () => fake.stop(),
  };
}

function gated(repo: GitHubAppsRepo, gate: Gate): AppsRepo {
  const { proposals } = repo;
  return {
    description: repo.description,
    read: (...request) => repo.read(...request),
    readAhead: (...request) => repo.readAhead(...request),
    commit: (request) => repo.commit(request),
    close: () => repo.close(),
    proposals: {
      repository: proposals.repository,
      lookAhead: (name) => proposals.lookAhead(name),
      propose: (request) => gate(() => proposals.propose(request)),
      list: () => gate(() => proposals.list()),
    },
  };
}

/** Of a pull request that changed, before a replica has caught up: fewer than a worker asks for. */
const READS_BEHIND = 2;

function faultOf(trouble: Exclude<Trouble, 'lag'>): FakeGitHub['fault'] {
  if (trouble !== 'secondary') return () => (trouble === 'html' ? {} : { status: 502, after: trouble === 'lost' });
  let isFirst = true;
  return () => {
    if (!isFirst) return undefined;
    isFirst = false;
    const body = JSON.stringify({ message: 'You have exceeded a secondary rate limit.' });
    return { status: 403, headers: { 'content-type': 'application/json', 'retry-after': '60' }, body };
  };
}

function talking(on: TestForge, fake: FakeGitHub, earlier: Map<string, Shown>): ForgeFixture & Talk {
  const changes = (owner: string, name: string, number: number) => {
    const shown = fake.shownNow(owner, name, number);
    if (shown.pull !== undefined) earlier.set(shown.subject, shown);
  };
  const ours = (repository: RepositoryRef, number: number) => {
    const { owner, name } = namesOf(repository);
    return fake.commentsOf(owner, name, number).find(({ body }) => body.startsWith(COMMENT_MARKER));
  };
  return {
    repository: (...given) => on.repository(...given),
    pull: (owner, name, file) => {
      changes(owner, name, file.number);
      return on.pull(owner, name, file);
    },
    remove: (fullName) => on.remove(fullName),
    move: (from, to) => {
      on.move(from, to);
      for (const status of fake.statuses) if (status.repository === from) Object.assign(status, { repository: to });
    },
    allow: (login, permission) => void fake.permissions.set(login, permission),
    say: (repository, number, { login }, body) => {
      const { owner, name } = namesOf(repository);
      changes(owner, name, number);
      return fake.addComment(`PR_${fake.repository(owner, name)!.id}_${number}`, login, body).number;
    },
    comment: (repository, number) => ours(repository, number)?.body ?? null,
    edit: (repository, number, { login }, body) =>
      void Object.assign(ours(repository, number)!, { body, editor: login, updatedAt: fake.tick() }),
    holdAt: (repository, number, sha) =>
      overrideOf(statusNode(fake, namesOf(repository), sha) as OverrideNode | null, number),
    answersTo: (_, __, commentId) =>
      (fake.commentByNumber(commentId)?.reactions ?? []).filter(({ login }) => login === fake.login),
  };
}
