// What REST says of Git's own objects, in the types of GitHub's published description.
import { decodeCommit } from '../../../lib/core/git/objects.ts';
import type { Schemas } from './shapes.ts';
import type { FakeRepository } from './store.ts';

interface TreeEntry {
  readonly path: string;
  readonly mode: string;
  readonly sha: string;
}

export function urlOf(repo: FakeRepository): string {
  return `https://api.github.com/repos/${repo.owner}/${repo.name}`;
}

export function pageOf(repo: FakeRepository): string {
  return `https://github.com/${repo.owner}/${repo.name}`;
}

export function tree(repo: FakeRepository, sha: string, entries: readonly TreeEntry[]): Schemas['git-tree'] {
  return {
    sha,
    url: `${urlOf(repo)}/git/trees/${sha}`,
    truncated: false,
    tree: entries.map(({ path, mode, sha: oid }) => ({ path, mode, type: typeOfMode(mode), sha: oid })),
  };
}

export function typeOfMode(mode: string): 'tree' | 'commit' | 'blob' {
  return mode === '040000' ? 'tree' : mode === '160000' ? 'commit' : 'blob';
}

export async function commit(repo: FakeRepository, sha: string): Promise<Schemas['git-commit']> {
  const object = await repo.object(sha);
  if (object?.type !== 'commit') throw new Error(`${sha} is not a commit`);
  const text = object.content!.toString('utf8');
  const [header = '', message = ''] = split(text);
  const { tree: root } = decodeCommit(object.content!);
  return {
    sha,
    node_id: `C_${sha}`,
    url: `${urlOf(repo)}/git/commits/${sha}`,
    html_url: `${pageOf(repo)}/commit/${sha}`,
    author: person(header, 'author'),
    committer: person(header, 'committer'),
    message,
    tree: { sha: root, url: `${urlOf(repo)}/git/trees/${root}` },
    parents: [...header.matchAll(/^parent (\w+)$/gm)].map(([, parent = '']) => ({
      sha: parent,
      url: `${urlOf(repo)}/git/commits/${parent}`,
      html_url: `${pageOf(repo)}/commit/${parent}`,
    })),
    verification: { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null },
  };
}

function split(text: string): string[] {
  const end = text.indexOf('\n\n');
  return [text.slice(0, end), text.slice(end + 2)];
}

function person(header: string, role: 'author' | 'committer'): Schemas['git-commit']['author'] {
  const [, name = '', email = '', time] = new RegExp(`^${role} (.*) <(.*)> (-?\\d+) `, 'm').exec(header) ?? [];
  return { name, email, date: new Date(Number(time) * 1000).toISOString() };
}

export function ref(repo: FakeRepository, branch: string, sha: string): Schemas['git-ref'] {
  return {
    ref: `refs/heads/${branch}`,
    node_id: `REF_${branch}`,
    url: `${urlOf(repo)}/git/refs/heads/${branch}`,
    object: { type: 'commit', sha, url: `${urlOf(repo)}/git/commits/${sha}` },
  };
}

/** A file that was written by itself, and its commit. */
export async function fileCommit(
  repo: FakeRepository,
  path: string,
  content: Buffer,
  sha: string,
): Promise<Schemas['file-commit']> {
  const file = await repo.object(`${sha}:${path}`);
  return {
    content: { name: path.split('/').at(-1)!, path, sha: file!.oid, size: content.length, type: 'file' },
    commit: await commit(repo, sha),
  };
}
