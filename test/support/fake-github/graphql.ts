import { readFileSync } from 'node:fs';
import {
  buildSchema,
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  parse,
  validate,
} from 'graphql';
import type { PullFile } from '../forge.ts';
import { commitFiles, entriesOf, git, type TestFile } from '../git.ts';
import { readCommit } from '../loose.ts';
import { connection, type Page } from './connection.ts';
import { PROTECTED, type RefUpdate, updateRefs } from './git-data.ts';
import {
  commentNode,
  type DeploymentStatusInput,
  type DeploymentsPage,
  deploymentNodes,
  remarkNodes,
  rollupNode,
  setDeployment,
  statusNode,
} from './people-graphql.ts';
import {
  branchMoved,
  type CreatePullInput,
  createPull,
  mergeable,
  pullOfNode,
  subjectOf,
  updatePull,
} from './pulls.ts';
import type { FakeGitHub } from './server.ts';
import { FakeError, type FakeRepository } from './store.ts';

let built: GraphQLSchema | undefined;

/**
 * GitHub's own published schema: a field that it does not have, or an argument of another type, is an error. The file
 * alone: what else the package does as it is imported takes longer than most tests.
 */
function schema(): GraphQLSchema {
  const file = new URL('../../../node_modules/@octokit/graphql-schema/schema.graphql', import.meta.url);
  built ??= buildSchema(readFileSync(file, 'utf8'), { assumeValid: true, assumeValidSDL: true, noLocation: true });
  return built;
}

/** Documents without mistakes, by their text: most requests differ in their variables only. */
const valid = new Map<string, DocumentNode>();

/** Runs a request the way GitHub does: status 200 and a list of errors, each with a type. */
export async function runGraphQL(
  fake: FakeGitHub,
  query: string,
  variableValues: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const document = valid.get(query) ?? parse(query);
  const unknown = [...fake.lacks].find((mutation) => new RegExp(`\\b${mutation}\\(`).test(query));
  if (unknown !== undefined) return { errors: [{ message: `Field '${unknown}' doesn't exist on type 'Mutation'` }] };
  const mistakes = valid.has(query) ? [] : validate(schema(), document);
  if (mistakes.length > 0) return { errors: mistakes.map(({ message }) => ({ message })) };
  valid.set(query, document);
  const result: ExecutionResult = await execute({
    schema: schema(),
    document,
    variableValues,
    rootValue: rootOf(fake),
  });
  return {
    ...(result.data === undefined ? {} : { data: result.data }),
    ...(result.errors === undefined
      ? {}
      : {
          errors: result.errors.map((error) => ({
            ...(error.originalError instanceof FakeError ? { type: error.originalError.type } : {}),
            ...error.toJSON(),
          })),
        }),
  };
}

function rootOf(fake: FakeGitHub) {
  return {
    repository: ({ owner, name }: { owner: string; name: string }) => repositoryNode(fake, owner, name),
    repositoryOwner: ({ login }: { login: string }) => {
      const names = fake.names(login);
      if (names.length === 0) return null;
      return {
        __typename: 'Organization',
        login,
        repositories: (page: Page) => connection(names, page, (name) => repositoryNode(fake, login, name)),
      };
    },
    createCommitOnBranch: ({ input }: { input: CommitInput }) => createCommit(fake, input),
    updateRefs: ({ input }: { input: { repositoryId: string; refUpdates: RefUpdate[] } }) => {
      fake.allow('contents');
      const repo = fake.repositoryById(Number(input.repositoryId.slice('R_'.length)));
      if (repo === undefined) throw new FakeError('NOT_FOUND', 'Could not resolve to a node with the global id');
      const main = `refs/heads/${repo.defaultBranch()}`;
      const isProtected = fake.protectedRepositories.has(`${repo.owner}/${repo.name}`);
      const refusal =
        isProtected && input.refUpdates.some(({ name }) => name === main)
          ? PROTECTED
          : updateRefs(repo, input.refUpdates);
      if (refusal !== null) throw new FakeError('UNPROCESSABLE', refusal);
      for (const { name } of input.refUpdates) branchMoved(repo, name.replace(/^refs\/heads\//, ''));
      return { clientMutationId: null };
    },
    createPullRequest: ({ input }: { input: CreatePullInput }) => {
      const repo = fake.repositoryById(Number(input.repositoryId.slice('R_'.length)));
      if (repo === undefined) throw new FakeError('NOT_FOUND', 'Could not resolve to a node with the global id');
      return { pullRequest: pullNode(fake, repo, createPull(fake, repo, input)) };
    },
    updatePullRequest: ({ input }: { input: { pullRequestId: string; title?: string; body?: string } }) => {
      const { repo, pull } = pullOfNode(fake, input.pullRequestId);
      return { pullRequest: pullNode(fake, repo, updatePull(fake, repo, pull, input.title, input.body)) };
    },
    enablePullRequestAutoMerge: ({ input }: { input: { pullRequestId: string } }) => {
      if (fake.autoMerges === null) {
        throw new FakeError('UNPROCESSABLE', 'Pull request Auto merge is not allowed for this repository');
      }
      fake.autoMerges.add(input.pullRequestId);
      return { clientMutationId: null };
    },
    addComment: ({ input: { subjectId, body } }: { input: { subjectId: string; body: string } }) => {
      fake.allow('comments');
      fake.writing(subjectId);
      if (fake.locked.has(subjectId)) {
        throw new FakeError('UNPROCESSABLE', 'Unable to create comment because issue is locked.');
      }
      const comment = fake.addComment(subjectId, fake.login, body);
      return { commentEdge: { node: commentNode(fake, comment) } };
    },
    updateIssueComment: ({ input: { id, body } }: { input: { id: string; body: string } }) => {
      fake.allow('comments');
      const comment = fake.comment(id);
      if (comment === undefined)
        throw new FakeError('NOT_FOUND', `Could not resolve to a node with the global id of '${id}'`);
      fake.writing(comment.subject);
      fake.edit(comment, body, fake.login);
      return { issueComment: commentNode(fake, comment) };
    },
    createDeploymentStatus: ({ input }: { input: DeploymentStatusInput }) => setDeployment(fake, input),
    deleteIssueComment: ({ input: { id } }: { input: { id: string } }) => {
      fake.allow('comments');
      fake.removeComment(id);
      return { clientMutationId: null };
    },
  };
}

async function repositoryNode(fake: FakeGitHub, owner: string, name: string): Promise<object> {
  const repo = fake.repository(owner, name);
  if (repo === undefined) {
    throw new FakeError('NOT_FOUND', `Could not resolve to a Repository with the name '${owner}/${name}'.`);
  }
  const refNode = (branch: string) => {
    const oid = repo.head(branch);
    if (oid === null) return null;
    const own = () =>
      repo
        .pullRequests()
        .filter((pull) => pull.head.ref === branch && pull.head.repositoryId === repo.id)
        .sort((a, b) => b.createdAt.localeCompare(a.createdAt));
    return {
      name: branch,
      target: () => objectNode(repo, oid, fake),
      compare: ({ headRef }: { headRef: string }) => {
        const head = repo.head(headRef.replace(/^refs\/heads\//, ''));
        if (head === null) return null;
        return { aheadBy: Number(git(repo.gitDir, ['rev-list', '--count', `${oid}..${head}`])) };
      },
      associatedPullRequests: (page: Page) => connection(own(), page, (pull) => pullNode(fake, repo, pull)),
    };
  };
  return {
    id: `R_${repo.id}`,
    databaseId: repo.id,
    name: repo.name,
    owner: { __typename: 'Organization', login: repo.owner },
    nameWithOwner: `${repo.owner}/${repo.name}`,
    isArchived: fake.archived.has(`${repo.owner}/${repo.name}`),
    isPrivate: !fake.publicRepositories.has(`${repo.owner}/${repo.name}`),
    isEmpty: () => repo.isEmpty(),
    squashMergeAllowed: true,
    rebaseMergeAllowed: true,
    autoMergeAllowed: fake.autoMerges !== null,
    defaultBranchRef: () => refNode(repo.defaultBranch()),
    ref: ({ qualifiedName }: { qualifiedName: string }) => refNode(qualifiedName.replace(/^refs\/heads\//, '')),
    refs: ({ refPrefix, ...page }: Page & { refPrefix: string }) => {
      const names = git(repo.gitDir, ['for-each-ref', '--format=%(refname)', refPrefix]).split('\n').filter(Boolean);
      return connection(names, page, (name) => ({
        ...refNode(name.replace(/^refs\/heads\//, '')),
        name: name.slice(refPrefix.length),
      }));
    },
    // What GitHub calls an expression, `git rev-parse` understands.
    object: ({ oid, expression }: { oid?: string; expression?: string }) => objectNode(repo, oid ?? expression!, fake),
    deployments: (page: DeploymentsPage) => deploymentNodes(fake, repo, page),
    pullRequest: ({ number }: { number: number }) => {
      const pull = fake.shownPull(repo, number);
      if (pull !== undefined) return pullNode(fake, repo, pull);
      throw new FakeError('NOT_FOUND', `Could not resolve to a PullRequest with the number of ${number}.`);
    },
    pullRequests: (page: Page & { states?: string[] }) => {
      const states = page.states ?? ['OPEN', 'CLOSED', 'MERGED'];
      const pulls = repo.pullRequests().filter((pull) => states.includes(stateOf(pull)));
      return connection(pulls, page, (pull) => pullNode(fake, repo, pull));
    },
  };
}

async function objectNode(repo: FakeRepository, name: string, fake?: FakeGitHub): Promise<object | null> {
  const object = await repo.object(name);
  if (object === undefined) return null;
  if (object.type === 'commit') {
    const commit = (await repo.commit(object.oid))!;
    return {
      __typename: 'Commit',
      oid: object.oid,
      message: () => readCommit(object.content!).message.trimEnd(),
      committedDate: new Date(commit.committedAt! * 1000).toISOString(),
      tree: () => objectNode(repo, commit.tree),
      file: async ({ path }: { path: string }) => {
        const parent = await repo.object(`${object.oid}:${path.split('/').slice(0, -1).join('/')}`);
        const entries = parent?.type === 'tree' ? await entryNodes(repo, parent.oid) : [];
        return entries.find(({ name }) => name === path.split('/').at(-1)) ?? null;
      },
      history: ({ since, ...page }: Page & { since?: string }) => {
        const found = repo.history(object.oid, since === undefined ? undefined : Date.parse(since) / 1000);
        return connection(found, page, ({ oid, message, committedAt }) => ({
          oid,
          committedDate: new Date(committedAt * 1000).toISOString(),
          message: message.trimEnd(),
          status: () => {
            fake?.allow('reading the statuses of a branch');
            return fake === undefined ? null : statusNode(fake, repo, oid);
          },
          statusCheckRollup: () => (fake === undefined ? null : rollupNode(fake, repo, oid)),
        }));
      },
      status: () => (fake === undefined ? null : statusNode(fake, repo, object.oid)),
      statusCheckRollup: () => (fake === undefined ? null : rollupNode(fake, repo, object.oid)),
      associatedPullRequests: (page: Page) => {
        const pulls = fake === undefined ? [] : repo.pullRequests().filter(({ head }) => head.sha === object.oid);
        return connection(pulls, page, (pull) => pullNode(fake!, repo, pull));
      },
    };
  }
  if (object.type === 'tree')
    return { __typename: 'Tree', oid: object.oid, entries: () => entryNodes(repo, object.oid) };
  const text = object.content!.toString('utf8');
  const isBinary = !Buffer.from(text).equals(object.content!) || text.includes('\0');
  return {
    __typename: 'Blob',
    oid: object.oid,
    byteSize: object.size,
    isBinary,
    isTruncated: object.size > 512_000,
    text: isBinary ? null : text.slice(0, 512_000),
  };
}

async function entryNodes(repo: FakeRepository, oid: string): Promise<{ name: string }[]> {
  return (await repo.tree(oid)).map((entry) => ({
    name: Buffer.from(entry.name, 'latin1').toString('utf8'),
    mode: Number.parseInt(entry.mode, 8),
    oid: entry.oid,
    type: entry.mode === '40000' ? 'tree' : entry.mode === '160000' ? 'commit' : 'blob',
    object: () => objectNode(repo, entry.oid),
  }));
}

function stateOf(pull: PullFile): 'OPEN' | 'CLOSED' | 'MERGED' {
  return pull.state === 'open' ? 'OPEN' : pull.merged ? 'MERGED' : 'CLOSED';
}

function pullNode(fake: FakeGitHub, repo: FakeRepository, pull: PullFile): object {
  const subject = subjectOf(repo, pull);
  return {
    id: subject,
    number: pull.number,
    url: `https://github.com/${repo.owner}/${repo.name}/pull/${pull.number}`,
    mergeable: () => mergeable(repo, pull),
    isCrossRepository: pull.head.repositoryId !== repo.id,
    headRef: () => {
      const oid = pull.head.repositoryId === repo.id ? repo.head(pull.head.ref) : null;
      return oid === null ? null : { name: pull.head.ref, target: () => objectNode(repo, oid) };
    },
    viewerCanEnableAutoMerge: pull.state === 'open' && fake.autoMerges?.has(subject) === false,
    autoMergeRequest: fake.autoMerges?.has(subject) ? { enabledAt: pull.createdAt } : null,
    title: pull.title,
    state: stateOf(pull),
    closed: pull.state === 'closed',
    merged: pull.merged,
    isDraft: pull.draft,
    author:
      pull.author === 'ghost'
        ? null
        : { __typename: pull.author.endsWith('[bot]') ? 'Bot' : 'User', login: pull.author },
    createdAt: pull.createdAt,
    updatedAt: pull.updatedAt,
    closedAt: pull.closedAt,
    headRefName: pull.head.ref,
    baseRefName: pull.base?.ref ?? 'main',
    headRefOid: pull.head.sha,
    headRepository: pull.head.repositoryId === null ? null : { databaseId: pull.head.repositoryId },
    baseRepository: { databaseId: repo.id },
    repository: () => repositoryNode(fake, repo.owner, repo.name),
    labels: (page: Page) => connection([...pull.labels], page, (name) => ({ name })),
    commits: async ({ last = 1 }: { last?: number }) => {
      const head = await objectNode(repo, pull.head.sha, fake);
      const before = head === null || last === 1 ? [] : repo.history(pull.head.sha).slice(1, last).reverse();
      const nodes = [...before.map(({ oid }) => objectNode(repo, oid, fake)), head];
      const commits = (await Promise.all(nodes)).filter((commit) => commit !== null);
      return { nodes: commits.map((commit) => ({ commit })), totalCount: commits.length };
    },
    baseRef: async () => {
      const oid = repo.head(pull.base?.ref ?? 'main');
      return oid === null ? null : { target: await objectNode(repo, oid, fake) };
    },
    reviewThreads: (page: Page) => remarkNodes(fake, subject, page),
    comments: (page: Page) => connection(fake.shownComments(subject), page, (comment) => commentNode(fake, comment)),
  };
}

interface CommitInput {
  readonly branch: { readonly repositoryNameWithOwner: string; readonly branchName: string };
  readonly expectedHeadOid: string;
  readonly message: { readonly headline: string; readonly body?: string };
  readonly fileChanges?: {
    readonly additions?: readonly { readonly path: string; readonly contents: string }[];
    readonly deletions?: readonly { readonly path: string }[];
  };
}

/** Looks and writes without letting go in between, so that it is one compare-and-swap. */
function createCommit(fake: FakeGitHub, { branch, expectedHeadOid, message, fileChanges }: CommitInput) {
  fake.allow('contents');
  const [owner = '', name = ''] = branch.repositoryNameWithOwner.split('/');
  const repo = fake.repository(owner, name);
  if (repo === undefined)
    throw new FakeError('NOT_FOUND', `Could not resolve to a Repository with the name '${owner}/${name}'.`);
  const isMain = branch.branchName === repo.defaultBranch();
  if (isMain && fake.protectedRepositories.has(branch.repositoryNameWithOwner)) {
    throw new FakeError('UNPROCESSABLE', PROTECTED);
  }
  const head = repo.head(branch.branchName);
  if (head === null)
    throw new FakeError('NOT_FOUND', `Could not resolve to a Ref with the name '${branch.branchName}'.`);
  if (head !== expectedHeadOid) {
    throw new FakeError(
      'STALE_DATA',
      `Expected branch to point to "${expectedHeadOid}" but it did not.  Pull and try again.`,
    );
  }
  const entries = entriesOf(repo.gitDir, head);
  const files: Record<string, TestFile | null> = {};
  for (const { path } of fileChanges?.deletions ?? []) {
    if (!entries.delete(path)) {
      throw new FakeError(
        'NOT_FOUND',
        `A path was requested for deletion which does not exist as of commit oid \`${head}\``,
      );
    }
    files[path] = null;
  }
  for (const { path, contents } of fileChanges?.additions ?? []) {
    const content = Buffer.from(contents, 'base64');
    const mode = entries.get(path)?.mode;
    files[path] = mode === '100755' || mode === '120000' ? { mode, content: content.toString() } : content;
  }
  const text = message.body ? `${message.headline}\n\n${message.body}` : message.headline;
  const oid = commitFiles(repo.gitDir, files, { branch: branch.branchName, message: text, time: fake.clock() });
  branchMoved(repo, branch.branchName);
  return { commit: () => objectNode(repo, oid) };
}
