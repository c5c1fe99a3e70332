import type { Position } from '../../core/errors.ts';
import type { Fix } from '../../core/finding.ts';
import { looksLikeCredential } from './credential.ts';
import type { Meant } from './sentences.ts';

/** A line with one plain setting. Only such a line is repeated in a fix. */
const PLAIN_LINE = /^ *(?:- +)?[\w"'-]+ *:(?: +["']?[\w./@:-]{0,60}["']?)? *$/;

/**
 * The line with the corrected word; undefined if the word is not at that position, or if the line contains more than a
 * plain setting and must not be repeated.
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
