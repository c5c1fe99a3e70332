/**
 * A repository by its current path: `acme/shop`, or `acme/web/shop` on a forge with nested groups. A path can move to
 * another repository; the number that the forge gives a repository cannot.
 */
export interface RepositoryRef {
  readonly path: string;
}

/** A pull request by the current path of its repository. */
export interface PullRequestRef extends RepositoryRef {
  readonly number: number;
}

/** The first part of a path, and the rest of it. */
export interface RepositoryNames {
  readonly owner: string;
  /** Contains a slash in nested groups. */
  readonly name: string;
}

/** A path as a regular expression: two parts or more, none of them `.` or `..`. */
export const REPOSITORY_PATH = String.raw`(?!\.{1,2}\/)[A-Za-z0-9._-]{1,100}(?:\/(?!\.{1,2}(?:[/#\s]|$))[A-Za-z0-9._-]{1,100}){1,9}`;

export function namesOf({ path }: RepositoryRef): RepositoryNames {
  const slash = path.indexOf('/');
  return slash < 0 ? { owner: path, name: '' } : { owner: path.slice(0, slash), name: path.slice(slash + 1) };
}

/** Forges ignore the case of paths. */
export function isSameRepository(a: RepositoryRef, b: RepositoryRef): boolean {
  return a.path.toLowerCase() === b.path.toLowerCase();
}

/** `acme/shop#7` */
export function pullRequestText({ path, number }: PullRequestRef): string {
  return `${path}#${number}`;
}

/** The pull request of a text such as `acme/shop#7`; undefined for any other text. */
export function parsePullRequest(text: string): PullRequestRef | undefined {
  const [, path, number] = PULL_REQUEST.exec(text) ?? [];
  return path === undefined ? undefined : { path, number: Number(number) };
}

const PULL_REQUEST = new RegExp(`^(${REPOSITORY_PATH})#([1-9]\\d{0,14})$`);
