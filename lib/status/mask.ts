import { looksLikeCredential } from '../model/load/credential.ts';

/** Replaces a line that may contain a credential. */
export const MASKED = '(a line that may contain a credential is not shown)';

/** Names and schemes that precede a secret value, in addition to those that are checked everywhere. */
const GIVEN =
  /\b(?:bearer|basic|digest)\s+[\w.~+/=-]{8,}|\b(?:set-)?cookie["']?\s*[:=]|authorization["']?\s*[:=]|(?:pass|pwd|credentials?|secret|token|(?:api|access|account|private|signing|encryption)[_-]?key|dsn)\w{0,20}["']?\s*(?:[:=]|%3[ad])\s*\S|--?(?:pass|pwd|secret|token|api[_-]?key)[\w-]{0,20}\s+[^\s-]|\/\/:[^\s@/]+@/i;

/** The line, or {@link MASKED}. When in doubt it is masked: a hidden line does little harm, a leaked secret a lot. */
export function masked(line: string): string {
  return looksLikeCredential(line) || GIVEN.test(line) ? MASKED : line;
}
