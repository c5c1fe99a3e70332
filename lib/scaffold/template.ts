import type { FileSet } from '../core/fileset.ts';
import { shippedFiles } from '../core/shipped.ts';

const TEMPLATE = 'apps-repo-template';

/** The static files of an apps repo, by path, with their marks (`__DOMAIN__`) still in. */
export function readTemplate(): FileSet {
  return shippedFiles(TEMPLATE);
}

/** Replaces the marks of a text. A mark without a value is a fault of the template, never left in what is written. */
export function fill(path: string, text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/__([A-Z][A-Z_]*[A-Z])__/g, (mark, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new TypeError(`${TEMPLATE}/${path}: nothing known for ${mark}`);
    return value;
  });
}
