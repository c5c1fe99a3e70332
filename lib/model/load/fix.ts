import type { Position } from '../../core/errors.ts';
import type { Fix } from '../../core/finding.ts';
import { looksLikeCredential } from './credential.ts';
import type { Meant } from './sentences.ts';

/** A line of one plain setting: what is put in its place repeats the rest of it, and nothing more than that. */
const PLAIN_LINE = /^ *(?:- +)?[\w"'-]+ *:(?: +["']?[\w./@:-]{0,60}["']?)? *$/;

/**
 * The line with what was probably meant in it; undefined where the word does not stand at that place as it was read, and
 * for a line that holds more than a plain setting, which is not to be repeated anywhere.
 */
export function fixOfLine(text: string, { file, line, column }: Position, { found, wanted }: Meant): Fix | undefined {
  const before = text.split('\n')[line - 1];
  if (before === undefined || !PLAIN_LINE.test(before) || looksLikeCredential(before)) return undefined;
  const start = column - 1;
  const quote = /^["']/.exec(before.slice(start))?.[0] ?? '';
  const word = `${quote}${found}${quote}`;
  if (!before.startsWith(word, start)) return undefined;
  const after = `${before.slice(0, start)}${quote}${wanted}${quote}${before.slice(start + word.length)}`;
  return { file, startLine: line, endLine: line, replacement: after };
}
