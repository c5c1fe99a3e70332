/** Folders with an image's program, the most common first: an empty folder mounted there would hide the app. */
const CODE = [
  '/app',
  '/code',
  '/function',
  '/home',
  '/home/node/app',
  '/opt',
  '/rails',
  '/root',
  '/src',
  '/srv',
  '/usr/local/bin',
  '/usr/local/apache2/htdocs',
  '/usr/local/tomcat/webapps',
  '/usr/share/nginx/html',
  '/usr/src/app',
  '/var/www',
  '/var/task',
  '/var/www/html',
  '/workspace',
];

/** Folders of the system and of language runtimes, with everything below. */
const SYSTEM = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/lib',
  '/lib64',
  '/proc',
  '/run/secrets',
  '/sbin',
  '/sys',
  '/usr/bin',
  '/usr/lib',
  '/usr/libexec',
  '/usr/local/bin',
  '/usr/local/lib',
  '/usr/local/sbin',
  '/usr/sbin',
  '/var/run/secrets',
];

/** Names of folders with an app's code or its dependencies, anywhere. */
const CODE_FOLDERS = [
  '.next',
  '.nuxt',
  '.output',
  '.venv',
  'bin',
  'build',
  'dist',
  'node_modules',
  'site-packages',
  'src',
  'vendor',
  'venv',
];

const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/**
 * Why a folder cannot be made writable; undefined if it can. It is mounted as an empty folder, which hides what the
 * image has there.
 *
 * @param path absolute, in plain segments
 * @param words the app's command, arguments and release command; files that they name must not be hidden
 */
export function writableProblem(path: string, words: readonly string[]): string | undefined {
  if (isBelow(path, '/tmp')) return 'is writable already: /tmp always is';
  const system = SYSTEM.find((folder) => isBelow(path, folder));
  if (system !== undefined) return `is in ${system}, which belongs to the system; name the app's own folder`;
  const hidden = words.flatMap(filesIn).find((file) => isFileBelow(file, path));
  const isCodeFolder = CODE_FOLDERS.includes(path.slice(path.lastIndexOf('/') + 1));
  const code = hidden ?? CODE.find((folder) => isBelow(folder, path)) ?? (isCodeFolder ? path : undefined);
  if (code === undefined && path !== '/') return undefined;
  const what = path === '/' ? 'all of them' : code;
  const instead = path === '/' ? '/cache' : `${path}/cache`;
  return `would hide the app's own files (${what}): it is mounted empty; name the folder that is written to, such as ${instead}`;
}

/** Possible paths in a word of a command; `--config=/data/app.yaml` and the script of `sh -c` contain some, too. */
function filesIn(word: string): string[] {
  return word.split(/[\s=:,;"'()|&<>]+/).filter((part) => part.includes('/'));
}

/**
 * Whether a file is in a folder. A relative path is if it starts with the end of the folder, as `dist/server.js` in
 * `/app/dist`.
 */
function isFileBelow(file: string, folder: string): boolean {
  if (file.startsWith('/')) return isBelow(file, folder);
  const segments = file.replace(/^(\.\/)+/, '').split('/');
  const folders = folder.split('/');
  return segments.slice(0, -1).some((_, i) => isEnd(folders, segments.slice(0, i + 1)));
}

function isEnd(all: readonly string[], end: readonly string[]): boolean {
  return end.length < all.length && end.every((segment, i) => segment === all[all.length - end.length + i]);
}
