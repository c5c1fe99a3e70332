import type { ReportOptions, Subject } from './state.ts';

type Where = Pick<Subject, 'repository' | 'headSha' | 'branch'>;
type Forge = Pick<ReportOptions, 'pages'>;

/** Page of a file's line at the head commit; null for a forge without pages. */
export function lineLink({ pages }: Forge, { repository, headSha }: Where, file: string, line = 0): string | null {
  return pages?.file({ path: repository }, headSha, file, line) ?? null;
}

/** Page for editing the file on the pull request's branch; null if that is not possible. */
export function editLink({ pages }: Forge, { repository, branch }: Where, file: string): string | null {
  return branch === null ? null : (pages?.edit({ path: repository }, branch, file) ?? null);
}

/** Page for adding the file to the pull request's branch; null if that is not possible. */
export function newFileLink({ pages }: Forge, { repository, branch }: Where, file: string): string | null {
  return branch === null ? null : (pages?.newFile({ path: repository }, branch, file) ?? null);
}

export function commitLink({ pages }: Forge, { repository }: Where, sha: string): string | null {
  return pages?.commit({ path: repository }, sha) ?? null;
}

/** Page of a pull request's builds and their logs. */
export function checksLink({ pages }: Forge, { repository, number }: Pick<Subject, 'repository' | 'number'>) {
  return pages?.builds({ path: repository, number }) ?? null;
}

/** A link, or only its text if there is no target. */
export function link(words: string, target: string | null): string {
  return target === null ? words : `[${words}](${target})`;
}
