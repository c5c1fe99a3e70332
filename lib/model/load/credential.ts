/** What to do if a value is given instead of a reference. */
export const SECRET_ITSELF =
  'this looks like the secret itself: put it into the store, write its reference here, and replace it, since Git keeps what was committed';

/** Token prefixes that issuers use so that scanners find them, PEM keys, and URLs with a password. */
const KNOWN =
  /(?:sk|rk|pk)_(?:live|test)_|gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|A[KS]IA[0-9A-Z]{12}|AIza[0-9A-Za-z_-]{20}|eyJ[0-9A-Za-z_-]{10}|-----BEGIN|npm_[0-9A-Za-z]{20}|hf_[0-9A-Za-z]{20}|sk-[0-9A-Za-z]|SG\.[0-9A-Za-z_-]{10}|\/\/[^/\s:@]+:[^/\s@]+@/;
const NAMED = /(?:passw(?:or)?d|secret|token|api[_-]?key)["']?\s*[:=]\s*\S/i;
/** Long enough for a token. Words in a path rarely form such a long run. */
const RUN = /[A-Za-z0-9+/=_-]{20,}/g;
/** Words and versions change rarely between lower case, upper case and digits; random text changes often. */
const CHANGES = 6;

/**
 * Whether a text could be a password, key or token. In doubt the answer is yes: the text is then not shown in messages,
 * and a shown secret is worse than a hidden word.
 */
export function looksLikeCredential(text: string): boolean {
  // Longer text is not searched and counts as a credential: no message needs to show it.
  if (text.length > 4096) return true;
  return KNOWN.test(text) || NAMED.test(text) || (text.match(RUN) ?? []).some(isRandom);
}

/** `requiredDuringSchedulingIgnoredDuringExecution`: long words without a digit, like Kubernetes field names. */
function isWords(run: string): boolean {
  if (!/^[a-zA-Z]+$/.test(run)) return false;
  const words = run.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? [];
  return words.length > 0 && run.length / words.length >= 4.5;
}

function isRandom(run: string): boolean {
  if (isWords(run)) return false;
  const pieces = run.replace(/[^A-Za-z0-9]/g, '').match(/[a-z]+|[A-Z]+|[0-9]+/g) ?? [];
  return pieces.length >= CHANGES;
}
