import type { ErrorCode } from '../errors.ts';
import { GreenroomError } from '../errors.ts';

// Git's messages (in English, by LC_ALL=C), their error code, and what to do. The first match is used.
const KNOWN: readonly (readonly [RegExp, ErrorCode, string])[] = [
  [/no space left on device|disk quota exceeded/i, 'failed', 'the disk is full; free some space and run again'],
  [
    /unable to create '[^']*\.lock': file exists|\.lock': file exists/i,
    'unreachable',
    'another git process has the lock; run again, and if no git process is running, remove the lock file',
  ],
  [
    /permission denied|insufficient permission|read-only file system/i,
    'failed',
    'no permission; check the owner of the files, the account or the key',
  ],
  [/out of memory|cannot allocate memory|unable to create thread/i, 'failed', 'the repository needs too much memory'],
  [
    /returned error: 30[12378]/i,
    'invalid-input',
    'the address redirects to another one; open it in a browser, and give the address to which it leads',
  ],
  [/dubious ownership/i, 'failed', 'the repository belongs to another user; see safe.directory in the git manual'],
  [
    /authentication failed|could not read (username|password)|invalid credentials|HTTP 40[13]|returned error: 40[13]/i,
    'failed',
    'the credentials were refused; check the token and that it may write to this repository',
  ],
  [
    /not a git repository|does not appear to be a git repository|repository .*not found|returned error: 404/i,
    'invalid-input',
    'there is no git repository; check the name, and whether these credentials can read it',
  ],
  [
    /could not resolve host|connection (refused|reset|timed out)|failed to connect|timed out|operation too slow|early EOF|hung up|returned error: (429|5\d\d)|network is unreachable|connection closed|could not read from remote/i,
    'unreachable',
    'the server did not answer; run again',
  ],
  [
    // Git does not say that its helper was killed for the size of its file (signal 25, SIGXFSZ). After a lost
    // connection it complains of index-pack too, so this comes last.
    /invalid index-pack output|index-pack failed|died of signal 25|file size limit|file too large/i,
    'failed',
    'the repository is too large, or what its server sent is damaged',
  ],
];

/** An error for a failed git command: what to do, with git's own message (redacted) as the cause. */
export function gitFailure(doing: string, stderr: string): GreenroomError {
  const words = stderr.trim();
  const known = KNOWN.find(([pattern]) => pattern.test(words));
  const reason = known?.[2] ?? (lastLine(words) || 'git gave no reason');
  return new GreenroomError(known?.[1] ?? 'failed', `${doing}: ${reason}`, { cause: new Error(words) });
}

/** As {@link gitFailure}, for a failed file operation in a repository. */
export function fileFailure(doing: string, cause: unknown): GreenroomError {
  const code = (cause as NodeJS.ErrnoException).code;
  const reason =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'the disk is full; free some space and run again'
      : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
        ? 'no permission; check the owner of the files'
        : String(code ?? cause);
  return new GreenroomError('failed', `${doing}: ${reason}`, { cause });
}

function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const fatal = lines.find((line) => /^(fatal|error):/.test(line));
  return (fatal ?? lines.at(-1) ?? '').replace(/^(fatal|error): /, '');
}
