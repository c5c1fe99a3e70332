import { looksLikeCredential } from '../model/load/credential.ts';

/** What stands in the place of a line that may hold a credential. */
export const MASKED = '(a line that may hold a credential is left out)';

/** Names and schemes that go before a value which nobody but the app should read, beside those of every platform. */
const GIVEN =
  /\b(?:bearer|basic|digest)\s+[\w.~+/=-]{8,}|\b(?:set-)?cookie["']?\s*[:=]|authorization["']?\s*[:=]|(?:pass|pwd|credentials?|secret|token|(?:api|access|account|private|signing|encryption)[_-]?key|dsn)\w{0,20}["']?\s*(?:[:=]|%3[ad])\s*\S|--?(?:pass|pwd|secret|token|api[_-]?key)[\w-]{0,20}\s+[^\s-]|\/\/:[^\s@/]+@/i;

/** A line of a log, or {@link MASKED}: a hidden line costs little, and a shown secret much. */
export function masked(line: string): string {
  return looksLikeCredential(line) || GIVEN.test(line) ? MASKED : line;
}
