import { GreenroomError, type Problem } from '../core/errors.ts';
import { emitYaml } from '../core/yaml.ts';
import { loadPreview } from '../model/files.ts';
import { hiddenCharacter } from '../model/load/text.ts';

/** Required fields of an app; a problem with one is a problem of the app. */
const NEEDED = new Set(['template', 'image', 'type']);

/**
 * The text of a preview.yaml without the fields that its own reader would refuse.
 *
 * @param document changed in place
 * @param leave called with each field that is left out, and why
 * @throws GreenroomError `invalid-input` if nothing more can be left out
 */
export function fitting(document: object, leave: (what: string, why: string) => void): string {
  for (const path of hiddenTexts(document)) {
    const found = remove(document, path);
    if (found !== undefined) leave(found, 'it contains an invisible character');
  }
  for (;;) {
    const text = emitYaml(document);
    const problems = problemsOf(text);
    if (problems.length === 0) return text;
    const taken = problems.filter(({ field, message }) => {
      const found = field === undefined ? undefined : remove(document, pathOf(field));
      if (found !== undefined) leave(found, message);
      return found !== undefined;
    });
    if (taken.length > 0) continue;
    const message = `what is in it does not make a preview.yaml: ${problems[0]!.message}`;
    throw new GreenroomError('invalid-input', message);
  }
}

function problemsOf(text: string): readonly Problem[] {
  try {
    loadPreview(text, 'preview.yaml');
    return [];
  } catch (error) {
    if (error instanceof GreenroomError && error.problems.length > 0) return error.problems;
    throw error;
  }
}

/** `spec.apps.web.command[0]` in its parts; no key of ours has a dot. */
const pathOf = (field: string) => field.match(/[^.[\]]+/g) ?? [];

/**
 * Removes the field, or the smallest group around it that can be removed as a whole, e.g. a command with all its words.
 *
 * @returns the removed path; undefined if it cannot be removed
 */
function remove(document: object, path: readonly string[]): string | undefined {
  const whole = path.slice(0, firstList(document, path));
  while (whole.length > 1) {
    const key = whole.at(-1)!;
    const parent = valueAt(document, whole.slice(0, -1));
    if (isGroup(parent) && Object.hasOwn(parent, key) && !NEEDED.has(key)) {
      delete parent[key];
      return whole.slice(1).join('.');
    }
    whole.pop();
  }
  return undefined;
}

function firstList(document: object, path: readonly string[]): number {
  const end = path.findIndex((_, i) => Array.isArray(valueAt(document, path.slice(0, i))));
  return end === -1 ? path.length : end;
}

function valueAt(document: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (isGroup(value) ? value[key] : undefined), document);
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Paths of texts with characters that a reader of the file would not see. */
function hiddenTexts(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value === 'string') return hiddenCharacter(value) === undefined ? [] : [[...path]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => hiddenTexts(each, [...path, key]));
}
