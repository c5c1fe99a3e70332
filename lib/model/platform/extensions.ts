import * as z from 'zod';
import type { Position, Problem } from '../../core/errors.ts';
import { isRecord } from '../../core/json.ts';
import { fieldName, MAX_PLATFORM_BYTES, parseSafeYaml } from '../load.ts';
import { bounded } from '../scalars.ts';

// The platform's own modules, by their file in the apps repo.

const PATTERN = /^extensions\/[A-Za-z0-9_-][A-Za-z0-9._-]*\.mjs$/;

export const extensions = z
  .array(bounded(200, PATTERN, 'must be a file of the apps repo such as extensions/acme.mjs'))
  .max(20)
  .default([])
  .meta({
    description:
      'Your own modules that change every preview or define rules (docs/extending.md): files of the apps repo, loaded by every command that reads these settings from there.',
    examples: [['extensions/acme.mjs']],
  });

/** A module named in a greenroom.yaml, and its position. */
interface NamedModule {
  readonly path: string;
  readonly position: Partial<Position>;
  readonly field: string;
}

/**
 * The modules named in a greenroom.yaml. They are read before the rest of the file is checked, since the rest may name
 * rules that they add. Errors in the file are reported by that later check.
 */
export function namedExtensions(text: string): readonly string[] {
  return named(text, '').map(({ path }) => path);
}

/**
 * One problem for each named module that does not exist.
 *
 * @param file name of the greenroom.yaml in messages
 */
export function missingModules(text: string, file: string, isThere: (path: string) => boolean): Problem[] {
  return named(text, file)
    .filter(({ path }) => !isThere(path))
    .map(({ path, position, field }) => ({
      ...position,
      field,
      message: `names ${path}, which does not exist; add that file next to greenroom.yaml, or remove this line`,
    }));
}

function named(text: string, file: string): readonly NamedModule[] {
  if (!text.includes('extensions')) return [];
  const { documents } = parseSafeYaml(text, { file, maxBytes: MAX_PLATFORM_BYTES });
  const [document] = documents;
  const spec = isRecord(document?.value) ? document.value['spec'] : undefined;
  const list = isRecord(spec) ? spec['extensions'] : undefined;
  if (!Array.isArray(list) || document === undefined) return [];
  return list.flatMap((path, i): NamedModule[] => {
    if (typeof path !== 'string' || !PATTERN.test(path)) return [];
    const place = ['spec', 'extensions', i];
    return [{ path, position: document.positions.of(place), field: fieldName(place) }];
  });
}
