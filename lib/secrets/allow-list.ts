import type { Problem } from '../core/errors.ts';
import { fits } from '../model/wildcard.ts';

/** File that lists findings which are not secrets, in the top folder of a repository. */
export const ALLOW_FILE = '.greenroom/allowed-secrets';

/** At the end of a line: `not-a-secret: only for tests`. Without a reason it has no effect. */
const REMARK = /\bnot-a-secret: *[^\s*#/-]/;

/** Whether a line says that it contains no secret, and why. */
export function isRemarked(line: string): boolean {
  return REMARK.test(line);
}

/** Whether a kind of finding is allowed in a file. */
export type IsAllowed = (path: string, kind: string) => boolean;

/**
 * Reads lines of a path, a kind (or `*` for all) and a reason. In a path, `*` matches any characters within one name,
 * and `**` any characters.
 */
export function readAllowList(text: string, file: string): { isAllowed: IsAllowed; problems: readonly Problem[] } {
  const entries: { path: string; kind: string }[] = [];
  const problems: Problem[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, path = '', kind = '', reason] = /^(\S+)\s+(\S+)(?:\s+(\S.*))?$/.exec(line.trim()) ?? [];
    const at = { file, line: i + 1 };
    if (path === '' || reason === undefined) {
      problems.push({ ...at, message: 'must be a path, a kind or *, and a reason' });
    } else if (/^\*+(\/\*+)*$/.test(path)) {
      problems.push({ ...at, message: 'must name a path: this one would let everything pass' });
    } else entries.push({ path, kind });
  }
  const isAllowed: IsAllowed = (path, kind) =>
    entries.some((entry) => (entry.kind === '*' || entry.kind === kind) && fits(entry.path, path));
  return { isAllowed, problems };
}
