import type { ReportOptions, Subject } from './state.ts';

type Where = Pick<Subject, 'repository' | 'headSha' | 'branch'>;
type Forge = Pick<ReportOptions, 'pages'>;

/** Page of a file's line at the head commit; null for a forge without pages. */
export function lineLink({ pages }: Forge, { repository, headSha }: Where, file: string, line = 0): string | null {
  return pages?.file({ path: repository }, headSha, file, line) ?? null;
}

/** Page on which the file can be edited on the pull request's own branch; null where one cannot. */
export function editLink({ pages }: Forge, { repository, branch }: Where, file: string): string | null {
  return branch === null ? null : (pages?.edit({ path: repository }, branch, file) ?? null);
}

/** Page on which the file can be added to the pull request's own branch; null where one cannot. */
export function newFileLink({ pages }: Forge, { repository, branch }: Where, file: string): string | null {
  return branch === null ? null : (pages?.newFile({ path: repository }, branch, file) ?? null);
}

export function commitLink({ pages }: Forge, { repository }: Where, sha: string): string | null {
  return pages?.commit({ path: repository }, sha) ?? null;
}

/** Page of what runs for a pull request: its builds and their logs. */
export function checksLink({ pages }: Forge, { repository, number }: Pick<Subject, 'repository' | 'number'>) {
  return pages?.builds({ path: repository, number }) ?? null;
}

/** A link, or its words alone where it leads nowhere. */
export function link(words: string, target: string | null): string {
  return target === null ? words : `[${words}](${target})`;
}
