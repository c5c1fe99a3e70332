/** What to do about a value that stands in the place of a reference. */
export const SECRET_ITSELF =
  'this looks like the secret itself: put it into the store, write its reference here, and replace it, since Git keeps what was committed';

/** Prefixes that issuers give their tokens so that scanners find them, PEM keys, and addresses with a password. */
const KNOWN =
  /(?:sk|rk|pk)_(?:live|test)_|gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|A[KS]IA[0-9A-Z]{12}|AIza[0-9A-Za-z_-]{20}|eyJ[0-9A-Za-z_-]{10}|-----BEGIN|npm_[0-9A-Za-z]{20}|hf_[0-9A-Za-z]{20}|sk-[0-9A-Za-z]|SG\.[0-9A-Za-z_-]{10}|\/\/[^/\s:@]+:[^/\s@]+@/;
const NAMED = /(?:passw(?:or)?d|secret|token|api[_-]?key)["']?\s*[:=]\s*\S/i;
/** Long enough for a token, short enough that the words of a path seldom add up to it unbroken. */
const RUN = /[A-Za-z0-9+/=_-]{20,}/g;
/** Words and versions change between lower case, upper case and digits a few times, random text all the time. */
const CHANGES = 6;

/**
 * Whether a text could be a password, key or token. Errs on the side of yes: it decides what is repeated in messages,
 * where a hidden word costs little and a shown secret much.
 */
export function looksLikeCredential(text: string): boolean {
  // What is longer is not searched but simply taken for one: no message needs it.
  if (text.length > 4096) return true;
  return KNOWN.test(text) || NAMED.test(text) || (text.match(RUN) ?? []).some(isRandom);
}

/** `requiredDuringSchedulingIgnoredDuringExecution`: long words without a digit, as Kubernetes names its fields. */
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
