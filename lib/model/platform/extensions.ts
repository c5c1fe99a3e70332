import * as z from 'zod';
import { isRecord } from '../../core/json.ts';
import { MAX_PLATFORM_BYTES, parseSafeYaml } from '../load.ts';
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

/**
 * The modules that a greenroom.yaml names. They are read before the rest of it is checked, since they bring rules that
 * the rest may name; what is wrong with the file is told when it is.
 */
export function namedExtensions(text: string): readonly string[] {
  if (!text.includes('extensions')) return [];
  const { documents } = parseSafeYaml(text, { file: '', maxBytes: MAX_PLATFORM_BYTES });
  const platform = documents[0]?.value;
  const spec = isRecord(platform) ? platform['spec'] : undefined;
  const named = isRecord(spec) ? spec['extensions'] : undefined;
  if (!Array.isArray(named)) return [];
  return named.filter((name): name is string => typeof name === 'string' && PATTERN.test(name));
}
