import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { decodeTree, encodeObject, MODE, OBJECT_FORMATS } from '../../../lib/core/git/objects.ts';
import type { RepositoryRef } from '../../../lib/forge/forge.ts';
import { GitHubAppsRepo } from '../../../lib/github/apps-repo.ts';
import { GitHubForge } from '../../../lib/github/forge.ts';
import { type HoldNode, holdOf } from '../../../lib/github/hold.ts';
import { COMMENT_MARKER } from '../../../lib/report/markers.ts';
import type { SyncContext } from '../../../lib/sync/base.ts';
import { clientOf } from '../../support/fake-github/client.ts';
import { statusNode } from '../../support/fake-github/people-graphql.ts';
import { FakeGitHub } from '../../support/fake-github/server.ts';
import { type ForgeFixture, TestForge } from '../../support/forge.ts';
import { bareRepo, git, headOf } from '../../support/git.ts';
import { MemoryForge } from '../../support/memory/forge.ts';
import { MemoryGit } from '../../support/memory/git.ts';
import type { Talk } from './hosting.ts';
import { noAnswer } from './stage.ts';

/** Forge and apps repo of a simulation, as code uses them and as a test looks into them. */
export interface Side {
  readonly on: ForgeFixture & Talk;
  /** A fresh pair of doors, as a process of its own would open them. */
  open(clock: () => number): SyncContext;
  under<T>(failure: 'fail' | 'lost' | 'html', perform: () => Promise<T>): Promise<T>;
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

/** @param clock unix seconds, of the forge */
export type MakeSide = (platform: string, clock: () => number) => Promise<Side>;

const SHA1 = OBJECT_FORMATS.sha1;

export async function memorySide(platform: string, now: () => number): Promise<Side> {
  const store = new MemoryGit();
  const on = new MemoryForge(now);
  const file = store.add(encodeObject(SHA1, 'blob', Buffer.from(platform)));
  const entry = Buffer.concat([Buffer.from('100644 greenroom.yaml\0'), Buffer.from(file, 'hex')]);
  const commitOf = (tree: string, parent: string | null, message: string) => {
    const lines = [`tree ${tree}`, ...(parent === null ? [] : [`parent ${parent}`]), 'committer x <x> 0 +0000'];
    return store.add(encodeObject(SHA1, 'commit', Buffer.from(`${lines.join('\n')}\n\n${message}\n`)));
  };
  store.branch = commitOf(store.add(encodeObject(SHA1, 'tree', entry)), null, 'greenroom.yaml');
  const flat = new Map<string, ReadonlyMap<string, string>>();
  const filesBelow = (tree: string): ReadonlyMap<string, string> => {
    const known = flat.get(tree);
    if (known !== undefined) return known;
    const found = new Map<string, string>();
    const data = store.objects.get(tree)!;
    for (const { mode, name, oid } of decodeTree(SHA1, data.subarray(data.indexOf(0) + 1)).values()) {
      if (mode !== MODE.folder) found.set(name, oid);
      else for (const [path, blob] of filesBelow(oid)) found.set(`${name}/${path}`, blob);
    }
    flat.set(tree, found);
    return found;
  };
  return {
    on,
    open: (clock) => ({ repo: store.open(clock), forge: on, clock }),
    async under(failure, perform) {
      if (failure === 'lost') await perform();
      throw noAnswer();
    },
    head: () => store.branch!,
    parent: (commit) => store.parsed(commit)!.parent,
    files: (commit) => filesBelow(store.parsed(commit)!.tree),
    text: (blob) => {
      const data = store.objects.get(blob)!;
      return data.toString('utf8', data.indexOf(0) + 1);
    },
    reset: (commit) => {
      store.branch = commit;
    },
    twin: (commit) => {
      const { tree, parent } = store.parsed(commit)!;
      return commitOf(tree, parent, `instead of ${commit}`);
    },
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
  return {
    on: talking(on, fake),
    open: (clock) => {
      const client = clientOf(fake);
      const repo = new GitHubAppsRepo(client, { owner: 'acme', name: 'previews' });
      return { repo, forge: new GitHubForge(client, { clock }), clock };
    },
    async under(failure, perform) {
      fake.fault = () => (failure === 'html' ? {} : { status: 502, after: failure === 'lost' });
      return perform().finally(() => {
        fake.fault = () => undefined;
      });
    },
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

function talking(on: TestForge, fake: FakeGitHub): ForgeFixture & Talk {
  const ours = ({ owner, name }: RepositoryRef, number: number) =>
    fake.commentsOf(owner, name, number).find(({ body }) => body.startsWith(COMMENT_MARKER));
  return {
    repository: (...given) => on.repository(...given),
    pull: (...given) => on.pull(...given),
    remove: (fullName) => on.remove(fullName),
    move: (from, to) => {
      on.move(from, to);
      for (const status of fake.statuses) if (status.repository === from) Object.assign(status, { repository: to });
    },
    allow: (login, permission) => void fake.permissions.set(login, permission),
    say: ({ owner, name }, number, { login }, body) =>
      fake.addComment(`PR_${fake.repository(owner, name)!.id}_${number}`, login, body).number,
    comment: (repository, number) => ours(repository, number)?.body ?? null,
    edit: (repository, number, { login }, body) =>
      void Object.assign(ours(repository, number)!, { body, editor: login, updatedAt: fake.tick() }),
    holdAt: ({ owner, name }, number, sha) => holdOf(statusNode(fake, { owner, name }, sha) as HoldNode | null, number),
    answersTo: (_, __, commentId) =>
      (fake.commentByNumber(commentId)?.reactions ?? []).filter(({ login }) => login === fake.login),
  };
}
