import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GreenroomError } from './errors.ts';
import { type FileSet, fileSet } from './fileset.ts';

// In the bundled command scripts/bundle.mjs replaces this module by one that contains all files, so that the single
// file runs anywhere.

/** A folder of text files that comes with the program, with its files by path. */
export function shippedFiles(name: 'apps-repo-template' | 'templates'): FileSet {
  const folder = lookUp(name);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry): [string, string] => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path, 'utf8')];
    });
  return fileSet(files);
}

/** The command as one file: the same text as `greenroom.cjs` of a release. */
export function shippedCommand(): string {
  return readFileSync(lookUp('dist/cli/greenroom.cjs'), 'utf8');
}

/** Licences of what the command carries of others, which have to go where it goes. */
export function shippedNotices(): string {
  return readFileSync(lookUp('dist/NOTICES.txt'), 'utf8');
}

/** Looks in the folder of the sources and in its parents. */
function lookUp(name: string): string {
  for (let at = import.meta.dirname; ; at = dirname(at)) {
    const path = join(at, name);
    if (existsSync(path)) return path;
    if (at === dirname(at)) throw new GreenroomError('failed', `${name} is missing; run \`npm run build\``);
  }
}
