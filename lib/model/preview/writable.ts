/** Where images keep what they run: an empty folder over it would hide the app. */
const CODE = [
  '/app',
  '/code',
  '/function',
  '/home',
  '/opt',
  '/rails',
  '/root',
  '/src',
  '/srv',
  '/usr/share/nginx/html',
  '/usr/src/app',
  '/var/www',
  '/var/www/html',
  '/workspace',
];

/** What belongs to the system, with all that lies below. */
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
  '/usr/sbin',
  '/var/run/secrets',
];

const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/**
 * Why a place cannot be made writable; undefined if it can. It is mounted as an empty folder, so that whatever the image
 * has there is gone.
 *
 * @param path absolute, in plain segments
 * @param words the app's command, arguments and release command: files that they name must stay
 */
export function writableProblem(path: string, words: readonly string[]): string | undefined {
  if (isBelow(path, '/tmp')) return 'is writable already: /tmp always is';
  const system = SYSTEM.find((folder) => isBelow(path, folder));
  if (system !== undefined) return `lies in ${system}, which belongs to the system; name a folder of the app's own`;
  const hidden = words.find((word) => word.startsWith('/') && isBelow(word, path));
  const code = hidden ?? CODE.find((folder) => isBelow(folder, path));
  if (code === undefined && path !== '/') return undefined;
  return `would hide the app's own files (${code ?? 'all of them'}): it is mounted empty; name the folder that is written to, such as ${path === '/' ? '' : path}/cache`;
}
