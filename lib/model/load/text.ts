import { codePointName } from '../../core/text.ts';

/** A problem of a text, and its offset. */
export interface TextProblem {
  /** Undefined for a problem of the whole file. */
  readonly offset?: number;
  readonly message: string;
}

/**
 * Characters that are invisible, change the text direction, or end a line only in some readers: controls (with U+0085),
 * U+2028 and U+2029, bidirectional and zero-width characters, lone surrogates, non-characters. Variation selectors are
 * invisible too, but are part of ordinary emoji. Tab and line feed are allowed.
 */
const hidden = () =>
  /(?!\t|\n|[\ufe00-\ufe0f])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

/**
 * Text without hidden characters. Most text is like this, and compiling {@link hidden} takes longer than reading it.
 */
const PLAIN = /^[\t\n -~]*$/;

/** The first hidden character of a string, such as `U+202E`; undefined if there is none. */
export function hiddenCharacter(text: string): string | undefined {
  const found = PLAIN.test(text) ? null : hidden().exec(text);
  return found ? codePointName(found[0]) : undefined;
}

/** Quotes as word processors, chats and web pages write them. YAML reads them as ordinary characters. */
const TYPOGRAPHIC_QUOTE = /[\u00ab\u00bb\u2018-\u201f\u2039\u203a\uff02\uff07]/;

/** The first typographic quote in a text; undefined if there is none. */
export function typographicQuote(text: string): string | undefined {
  return PLAIN.test(text) ? undefined : TYPOGRAPHIC_QUOTE.exec(text)?.[0];
}

/** A key without the typographic quotes around it. */
export function withoutTypographicQuotes(text: string): string {
  const { source } = TYPOGRAPHIC_QUOTE;
  return text.replace(new RegExp(`^${source}|${source}$`, 'g'), '');
}

/** The sentence for a value that begins with such a quote. */
export function inTypographicQuotes(quote: string): string {
  return `is in typographic quotes (${quote}), which would be a part of the text; use straight ones (")`;
}

/** Every hidden character of a file. A carriage return is one unless it is part of a line break. */
export function hiddenCharacters(text: string, limit: number): TextProblem[] {
  if (PLAIN.test(text)) return [];
  const problems: TextProblem[] = [];
  for (const match of text.matchAll(hidden())) {
    if (match[0] === '\r' && text[match.index + 1] === '\n') continue;
    const name = codePointName(match[0]);
    problems.push({ offset: match.index, message: `contains the hidden character ${name}; delete it` });
    if (problems.length === limit) break;
  }
  return problems;
}

/** Every merge conflict marker. They are at the start of a line, where text inside a value never is. */
export function mergeMarkers(text: string): TextProblem[] {
  if (!/^<{7} /m.test(text)) return [];
  return [...text.matchAll(/^(?:<{7} |={7}$|>{7} |\|{7} )/gm)].map(({ index }) => ({
    offset: index,
    message: 'is left of a merge that was not finished; keep one side and delete this line',
  }));
}

/** Lines that begin with a space that YAML does not take for one, as pages of the web contain them. */
export function oddIndents(text: string): TextProblem[] {
  if (PLAIN.test(text)) return [];
  return [...text.matchAll(/^[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/gm)].map(({ 0: space, index }) => ({
    offset: index,
    message: `is indented with the character ${codePointName(space)}; use ordinary spaces`,
  }));
}

/** The text of a file, or why it is not text. */
export interface Decoded {
  /** Without the byte order mark that some editors add; empty if the file is too large. */
  readonly text: string;
  readonly problem?: TextProblem;
}

export function decodeText(input: string | Uint8Array, maxBytes: number): Decoded {
  const size = typeof input === 'string' ? input.length : input.byteLength;
  // A string has at least as many bytes as its length, so a long input is not measured or decoded.
  if (size > maxBytes || (typeof input === 'string' && Buffer.byteLength(input) > maxBytes)) {
    return { text: '', problem: { message: `is larger than ${maxBytes / 1024} KiB, the allowed maximum` } };
  }
  if (typeof input === 'string') return { text: input.startsWith('\ufeff') ? input.slice(1) : input };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(input) };
  } catch {
    const text = new TextDecoder('utf-8').decode(input);
    const message = 'is not UTF-8 text from here on; save the file with the encoding UTF-8';
    return { text, problem: { offset: Math.max(text.indexOf('\ufffd'), 0), message } };
  }
}
