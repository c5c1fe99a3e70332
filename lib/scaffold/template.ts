import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GreenroomError } from '../core/errors.ts';
import { type FileSet, fileSet } from '../core/fileset.ts';

const TEMPLATE = 'apps-repo-template';

/**
 * The static files of an apps repo, by path, with their marks (`__DOMAIN__`) still in.
 *
 * @param from folder of the running program; the template lies beside it or above it, in sources and in the package
 */
export function readTemplate(from: string = import.meta.dirname): FileSet {
  const folder = findTemplate(from);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry): [string, string] => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path, 'utf8')];
    });
  return fileSet(files);
}

function findTemplate(from: string): string {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, TEMPLATE);
    try {
      if (readdirSync(folder).length > 0) return folder;
    } catch {
      // Not here; look one level up.
    }
    if (at === dirname(at)) {
      throw new GreenroomError('failed', `${TEMPLATE} is missing from this installation; install greenroom again`);
    }
  }
}

/** Replaces the marks of a text. A mark without a value is a fault of the template, never left in what is written. */
export function fill(path: string, text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/__([A-Z][A-Z_]*[A-Z])__/g, (mark, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new TypeError(`${TEMPLATE}/${path}: nothing known for ${mark}`);
    return value;
  });
}
