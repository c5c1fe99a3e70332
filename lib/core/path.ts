/**
 * Whether a path may be read from or written to a repository: relative, its segments of printable characters, none of
 * them empty, `.`, `..` or anything that some file system or git takes for `.git`.
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
