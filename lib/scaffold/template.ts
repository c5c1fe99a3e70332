import type { FileSet } from '../core/fileset.ts';
import { shippedFiles } from '../core/shipped.ts';

const TEMPLATE = 'apps-repo-template';

/** The static files of an apps repo by path, with placeholders (`__DOMAIN__`). */
export function readScaffoldTemplate(): FileSet {
  return shippedFiles(TEMPLATE);
}

/** Replaces the placeholders of a text. A placeholder without a value is a bug of the template and throws. */
export function fill(path: string, text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/__([A-Z][A-Z_]*[A-Z])__/g, (placeholder, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new TypeError(`${TEMPLATE}/${path}: no value for the placeholder ${placeholder}`);
    return value;
  });
}
