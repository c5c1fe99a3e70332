import * as z from 'zod';
import type { Position, Problem } from '../../core/errors.ts';
import { isRecord } from '../../core/json.ts';
import { fieldName, MAX_PLATFORM_BYTES, parseSafeYaml } from '../load.ts';
import { bounded } from '../scalars.ts';

// Modules of the platform's own, by the file of the apps repo that holds each.

const PATTERN = /^extensions\/[A-Za-z0-9_-][A-Za-z0-9._-]*\.mjs$/;

export const extensions = z
  .array(bounded(200, PATTERN, 'must be a file of the apps repo such as extensions/acme.mjs'))
  .max(20)
  .default([])
  .meta({
    description:
      'Modules of your own that add to every preview or bring rules (docs/extending.md): files of the apps repo, loaded by every command that reads these settings from there.',
    examples: [['extensions/acme.mjs']],
  });

/** A module that a greenroom.yaml names, and where. */
interface NamedModule {
  readonly path: string;
  readonly position: Partial<Position>;
  readonly field: string;
}

/**
 * The modules that a greenroom.yaml names. They are read before the rest of it is checked, since they bring rules that
 * the rest may name; what is wrong with the file is told when it is.
 */
export function namedExtensions(text: string): readonly string[] {
  return named(text, '').map(({ path }) => path);
}

/**
 * One problem for each module that is named and not there.
 *
 * @param file the greenroom.yaml, as messages name it
 */
export function missingModules(text: string, file: string, isThere: (path: string) => boolean): Problem[] {
  return named(text, file)
    .filter(({ path }) => !isThere(path))
    .map(({ path, position, field }) => ({
      ...position,
      field,
      message: `names ${path}, which is not there; add that file beside greenroom.yaml, or take this line out`,
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
