import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { GreenroomError } from '../../core/errors.ts';
import { compareStrings } from '../../core/fileset.ts';
import { git, tryGit } from '../../core/git/process.ts';
import type { Io } from '../shared/io.ts';

/** The files and lines to scan. */
export interface Scanned {
  /** The top folder of the repository, or the folder itself if there is none. */
  readonly root: string;
  /** Paths from the root, with slashes, sorted. */
  readonly files: readonly string[];
  /** Whether a line of a file is scanned. */
  readonly counts: (file: string, line: number) => boolean;
}

/** Larger files are rarely written by people. */
const MAX_BYTES = 5 * 1024 * 1024;

/**
 * Lists the files below some paths: in a repository those that Git has or would add, so .gitignore is respected;
 * elsewhere all files except in `node_modules`.
 *
 * @param base commit or branch: only lines added since the present branch left it are scanned
 * @throws GreenroomError `invalid-input` if a path does not exist, or Git does not know the base
 */
export async function scannedFiles(paths: readonly string[], base: string | undefined, io: Io): Promise<Scanned> {
  for (const path of paths) {
    if (!existsSync(resolve(io.cwd, path)))
      throw new GreenroomError('invalid-input', `${path}: no such file or folder`);
  }
  // Paths are names, also those that begin with a colon.
  const options = { env: { ...io.env, GIT_LITERAL_PATHSPECS: '1' } };
  const top = await tryGit(options, ['-C', io.cwd, 'rev-parse', '--show-toplevel']);
  if (top.code !== 0) {
    if (base !== undefined)
      throw new GreenroomError('invalid-input', '--diff needs a Git repository, and this folder is not in one');
    return {
      root: io.cwd,
      files: paths.flatMap((path) => filesBelow(io.cwd, path)).sort(compareStrings),
      counts: () => true,
    };
  }
  const root = top.stdout.replace(/\n$/, '');
  const call = (doing: string, ...args: string[]) => git(options, ['-C', io.cwd, ...args, '--', ...paths], { doing });
  const list = (...args: string[]) =>
    call('listing files', 'ls-files', '-z', '--full-name', '--exclude-standard', ...args).then(namesOf);
  if (base === undefined) return { root, files: unique(await list('--cached', '--others')), counts: () => true };
  await checkBase(base, options, io);
  const added = addedLines(
    await call(
      'comparing',
      'diff',
      '--merge-base',
      '--unified=0',
      '--no-color',
      '--no-ext-diff',
      '--no-textconv',
      '--no-renames',
      '--src-prefix=a/',
      '--dst-prefix=b/',
      '--diff-filter=d',
      '--text',
      base,
    ),
  );
  const fresh = new Set(await list('--others'));
  return {
    root,
    files: unique([...added.keys(), ...fresh]),
    counts: (file, line) => fresh.has(file) || added.get(file)?.has(line) === true,
  };
}

async function checkBase(base: string, options: { env: NodeJS.ProcessEnv }, io: Io): Promise<void> {
  const known = await tryGit(options, [
    '-C',
    io.cwd,
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${base}^{commit}`,
  ]);
  if (known.code !== 0 || base.startsWith('-')) {
    throw new GreenroomError(
      'invalid-input',
      `--diff takes a commit or branch; Git knows no ${JSON.stringify(base)} here`,
    );
  }
  const parted = await tryGit(options, ['-C', io.cwd, 'merge-base', base, 'HEAD']);
  if (parted.code === 0) return;
  throw new GreenroomError(
    'invalid-input',
    `${base} and the present branch have no commit in common here; fetch more of the history`,
  );
}

const namesOf = (output: string) => output.split('\0').filter((name) => name !== '');
const unique = (files: readonly string[]) => [...new Set(files)].sort(compareStrings);

/** Added lines by file, from a diff without context. */
function addedLines(diff: string): Map<string, Set<number>> {
  const lines = new Map<string, Set<number>>();
  let file: string | undefined;
  // A content line can look like a header, so use the line counts of the hunks.
  let left = 0;
  for (const line of diff.split('\n')) {
    if (left > 0) {
      if (!line.startsWith('\\')) left -= 1;
      continue;
    }
    const [, removed = '1', from, count = '1'] = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line) ?? [];
    if (line.startsWith('+++ ')) file = plainName(line.slice(4).replace(/\t$/, ''));
    else if (from !== undefined && file !== undefined) {
      left = Number(removed) + Number(count);
      const own = lines.get(file) ?? new Set();
      for (let i = 0; i < Number(count); i++) own.add(Number(from) + i);
      if (own.size > 0) lines.set(file, own);
    }
  }
  return lines;
}

/** Git quotes names with special characters, with octal bytes. */
function plainName(text: string): string {
  if (!text.startsWith('"')) return text.slice(2);
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };
  const bytes = text
    .slice(1, -1)
    .replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
      code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (escapes[code] ?? code),
    );
  return Buffer.from(bytes, 'latin1').toString('utf8').slice(2);
}

function filesBelow(cwd: string, path: string): string[] {
  const full = resolve(cwd, path);
  const info = lstatSync(full);
  if (info.isFile()) return [relative(cwd, full).split(sep).join('/')];
  if (!info.isDirectory()) return [];
  return readdirSync(full)
    .filter((name) => name !== '.git' && name !== 'node_modules')
    .flatMap((name) => filesBelow(cwd, join(path, name)));
}

/** Text of a file; a reason if it is not scanned; null if there is no file (a link, a deleted file). */
export function scannedText(root: string, file: string): { text: string } | { why: string } | null {
  const path = join(root, file);
  const info = lstatSync(path, { throwIfNoEntry: false });
  if (info?.isFile() !== true) return null;
  if (info.size > MAX_BYTES) return { why: `larger than ${MAX_BYTES / 1024 / 1024} MiB` };
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return { why: `cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
  const marked =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : null;
  if (marked !== null) return { text: new TextDecoder(marked).decode(bytes) };
  return bytes.subarray(0, 8192).includes(0) ? { why: 'binary' } : { text: bytes.toString('utf8') };
}
