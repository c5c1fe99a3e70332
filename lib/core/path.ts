/**
 * Whether a path is safe to read from or write to a repository: it is relative, its segments have only printable
 * characters, and none is empty, `.`, `..` or a name that git or some file system treats as `.git`.
 */
export function isSafePath(path: string): boolean {
  return path.length <= 4096 && path.split('/').every(isSafeSegment);
}

// Backslashes and colons separate paths or streams on some file systems, and trailing dots and spaces vanish there.
const UNSAFE_CHARACTER = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\\:]/u;

function isSafeSegment(segment: string): boolean {
  if (segment === '' || segment.length > 255 || UNSAFE_CHARACTER.test(segment)) return false;
  return !/[. ]$/.test(segment) && !/^(\.git|git~\d+)$/i.test(segment);
}
