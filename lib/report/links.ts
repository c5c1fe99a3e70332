import type { ReportOptions, Subject } from './state.ts';

type Where = Pick<Subject, 'repository' | 'headSha' | 'branch'>;
type Server = Pick<ReportOptions, 'serverUrl'>;

/** Page of a file's line at the head commit; null for a forge without pages. */
export function lineLink({ serverUrl }: Server, { repository, headSha }: Where, file: string, line = 0): string | null {
  if (serverUrl === null) return null;
  return `${serverUrl}/${inPath(repository)}/blob/${inPath(headSha)}/${inPath(file)}${line > 0 ? `#L${line}` : ''}`;
}

/** Page on which the file can be edited on the pull request's own branch; null where one cannot. */
export function editLink({ serverUrl }: Server, { repository, branch }: Where, file: string): string | null {
  if (serverUrl === null || branch === null) return null;
  return `${serverUrl}/${inPath(repository)}/edit/${inPath(branch)}/${inPath(file)}`;
}

/** Page on which the file can be added to the pull request's own branch; null where one cannot. */
export function newFileLink({ serverUrl }: Server, { repository, branch }: Where, file: string): string | null {
  if (serverUrl === null || branch === null) return null;
  return `${serverUrl}/${inPath(repository)}/new/${inPath(branch)}?filename=${inPath(file)}`;
}

export function commitLink({ serverUrl }: Server, { repository }: Where, sha: string): string | null {
  return serverUrl === null ? null : `${serverUrl}/${inPath(repository)}/commit/${inPath(sha)}`;
}

/** The page of a pull request. */
export function pullRequestLink({ serverUrl }: Server, { repository, number }: Pick<Subject, 'repository' | 'number'>) {
  return serverUrl === null ? null : `${serverUrl}/${inPath(repository)}/pull/${number}`;
}

/** Page of what runs for a pull request: its builds and their logs. */
export function checksLink({ serverUrl }: Server, { repository, number }: Pick<Subject, 'repository' | 'number'>) {
  return serverUrl === null ? null : `${serverUrl}/${inPath(repository)}/pull/${number}/checks`;
}

/** A link, or its words alone where it leads nowhere. */
export function link(words: string, target: string | null): string {
  return target === null ? words : `[${words}](${target})`;
}

/** Foreign names may hold anything: no character of theirs ends the link or leads out of it. */
function inPath(path: string): string {
  const escaped = (part: string) =>
    encodeURIComponent(part.toWellFormed()).replace(/[!'()*]|^\.{1,2}$/g, (text) =>
      [...text].map((c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`).join(''),
    );
  return path.split('/').map(escaped).join('/');
}
