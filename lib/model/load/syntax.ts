import { Composer, CST, type Document, Lexer, type ParsedNode, Parser, type YAMLError } from 'yaml';
import { inTypographicQuotes, type TextProblem, typographicQuote } from './text.ts';

/** Limit for a stream of many documents, as a multiple of the limit for one. */
const STREAM = 4;

/** Nesting depth that no real preview, platform or Kubernetes object reaches. */
const MAX_DEPTH = 64;

export type YamlDocumentNode = Document.Parsed<ParsedNode, true>;

export interface Syntax {
  readonly documents: readonly YamlDocumentNode[];
  /** If there are problems, `documents` is empty: an incomplete syntax tree is not reliable. */
  readonly problems: readonly TextProblem[];
}

export interface SyntaxLimits {
  /** Keys, values, punctuation, blanks and line ends; about ten per line. */
  readonly lexemes: number;
  readonly documents: number;
  /** Maximum number of reported problems. */
  readonly problems: number;
}

/**
 * Parses text to syntax trees, without aliases, anchors, tags and directives. One extra document is returned to show
 * that the limit is exceeded.
 */
export function parseSyntax(text: string, limits: SyntaxLimits): Syntax {
  const tokens: CST.Token[] = [];
  const excess = readTokens(text, limits.lexemes, tokens);
  const problems = excess ? [excess] : inspect(tokens, text).slice(0, limits.problems);
  return problems.length > 0 ? { documents: [], problems } : compose(tokens, text, limits);
}

/** Stops at the first exceeded limit, before the parser builds anything that large. */
function readTokens(text: string, maxLexemes: number, tokens: CST.Token[]): TextProblem | undefined {
  const parser = new Parser();
  let offset = 0;
  let count = 0;
  let total = 0;
  let depth = 0;
  let isScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme === CST.DOCUMENT) [total, count] = [total + count, 0];
    if (++count > maxLexemes || total + count > maxLexemes * STREAM)
      return { offset, message: 'contains too many values' };
    if (!isScalar && (lexeme === '[' || lexeme === '{') && ++depth > MAX_DEPTH) return tooDeep(offset);
    if (!isScalar && (lexeme === ']' || lexeme === '}')) depth--;
    for (const token of parser.next(lexeme)) tokens.push(token);
    // These two lexemes are control marks and not text.
    if (lexeme !== CST.SCALAR && lexeme !== CST.DOCUMENT) offset += lexeme.length;
    isScalar = lexeme === CST.SCALAR;
  }
  for (const token of parser.end()) tokens.push(token);
  return undefined;
}

function tooDeep(offset: number): TextProblem {
  return { offset, message: `is nested more than ${MAX_DEPTH} levels deep` };
}

/** Excessive depth, or all tokens that are not allowed in these files or are never closed. */
function inspect(tokens: readonly CST.Token[], text: string): TextProblem[] {
  const problems: Required<TextProblem>[] = [];
  // Not recursive, since deep nesting would overflow the call stack.
  const pending = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { token } = next;
    const depth = CST.isCollection(token) ? next.depth + 1 : next.depth;
    if (depth > MAX_DEPTH) return [tooDeep(token.offset)];
    const message = UNWANTED[token.type] ?? unclosed(token);
    if (message) problems.push({ offset: token.offset, message });
    forEachChild(token, (child) => pending.push({ token: child, depth }));
  }
  return problems
    .sort((a, b) => a.offset - b.offset)
    .map(({ offset, message }) =>
      lineAt(text, offset).text.includes(EXPRESSION) ? expression(offset) : { offset, message },
    )
    .filter(({ message }, i, all) => message !== all[i - 1]?.message || message !== expression(0).message);
}

const UNWANTED: Readonly<Partial<Record<CST.Token['type'], string>>> = {
  alias: 'is an alias (*); write the value out',
  anchor: 'is an anchor (&); write the value out where it is needed, or put text that begins with & in quotes',
  tag: 'is a tag (!); leave it out, or put text that begins with ! in quotes',
  directive: 'is a YAML directive (%); leave it out',
  error: 'is not YAML; a line is "key: value" or "- value"',
};

/** The parser would report this only at the end of the file, far from the cause. */
function unclosed(token: CST.Token): string | undefined {
  if (token.type === 'flow-collection') {
    const isClosed = token.end.some(({ type }) => type === 'flow-seq-end' || type === 'flow-map-end');
    return isClosed ? undefined : `has a ${token.start.source} that is never closed`;
  }
  if (token.type !== 'single-quoted-scalar' && token.type !== 'double-quoted-scalar') return undefined;
  const { source } = token;
  const quote = source[0]!;
  // A quote after a backslash, or after another quote, is part of the text. It closes only after an even number of
  // those.
  const escaping = token.type === 'double-quoted-scalar' ? '\\' : quote;
  let end = source.length - 1;
  while (end > 1 && source[end - 1] === escaping) end--;
  const isClosed = source.length > 1 && source.endsWith(quote) && (source.length - 1 - end) % 2 === 0;
  return isClosed ? undefined : `has a ${quote} that is never closed`;
}

function forEachChild(token: CST.Token, visit: (child: CST.Token) => void): void {
  if (token.type === 'document') {
    token.start.forEach(visit);
    if (token.value) visit(token.value);
  } else if (token.type === 'block-scalar') {
    token.props.forEach(visit);
  } else if (CST.isCollection(token)) {
    for (const { start, key, sep, value } of token.items as CST.CollectionItem[]) {
      start.forEach(visit);
      if (key) visit(key);
      sep?.forEach(visit);
      if (value) visit(value);
    }
  }
  if ('end' in token) token.end?.forEach(visit);
}

function compose(tokens: CST.Token[], text: string, limits: SyntaxLimits): Syntax {
  const documents: YamlDocumentNode[] = [];
  const composer = new Composer({ schema: 'failsafe', uniqueKeys: false, strict: true, logLevel: 'silent' });
  // The parser creates an Error for every problem. Without stack traces, a file full of errors takes a tenth of the
  // time.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (const document of composer.compose(tokens, true, text.length)) {
      documents.push(document);
      if (documents.length > limits.documents) break;
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  const faults = documents.flatMap((document) => [...document.errors, ...document.warnings]);
  const problems = firstOfEachLine(faults, text)
    .slice(0, limits.problems)
    .map((fault) => causeOf(fault, text));
  return { documents: problems.length > 0 ? [] : documents, problems };
}

/** Later errors on the same line are mostly consequences. */
function firstOfEachLine(faults: readonly YAMLError[], text: string): YAMLError[] {
  let lineEnd = -1;
  return [...faults]
    .sort((a, b) => a.pos[0] - b.pos[0])
    .filter(({ pos }) => {
      if (pos[0] <= lineEnd) return false;
      const next = text.indexOf('\n', pos[0]);
      lineEnd = next === -1 ? text.length : next;
      return true;
    });
}

/** The parser's own messages quote the file and could show a secret; these do not. */
const SENTENCES: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  BAD_DQ_ESCAPE: 'is an escape that YAML does not know; use single quotes, or write \\\\ for a backslash',
  BAD_INDENT: 'is not indented like its neighbours; use the same number of spaces',
  BAD_SCALAR_START: 'begins with a character that has a special meaning; put the text in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'has a second ": " on its line; put text that contains ": " in quotes',
  BLOCK_IN_FLOW: 'must not be inside [ ] or { }',
  KEY_OVER_1024_CHARS: 'is too long for a key',
  MISSING_CHAR: 'is not complete: a ":", a comma or a space is missing',
  MULTILINE_IMPLICIT_KEY: 'must be "key: value" on one line',
  TAB_AS_INDENT: 'is indented with a tab; use spaces',
};

/** Start of an expression in workflows. */
const EXPRESSION = `$\{{`;

function expression(offset: number): Required<TextProblem> {
  return {
    offset,
    message: `contains ${EXPRESSION} }}, which no workflow replaces in this file; write the value itself`,
  };
}

/** The probable mistake, which is not always where the parser stopped. */
function causeOf(fault: YAMLError, text: string): TextProblem {
  const offset = fault.pos[0];
  const line = lineAt(text, offset);
  if (line.text.includes(EXPRESSION)) return expression(offset);
  if (fault.code === 'BLOCK_AS_IMPLICIT_KEY' && (line.text.match(/:\s/g) ?? []).length < 2) {
    const next = nextLine(text, line.end);
    const indent = next === undefined ? 0 : next.text.search(/\S/);
    if (next !== undefined && indent > line.text.search(/\S/)) {
      const message = `is indented by ${indent} spaces, and the line above by ${line.text.search(/\S/)}; use the same number`;
      return { offset: next.start + indent, message };
    }
  }
  const quoted = valueInTypographicQuotes(line);
  if (quoted !== undefined) return quoted;
  if (fault.code === 'MULTILINE_IMPLICIT_KEY' && /^\s*[\w-]+:\S/.test(line.text)) {
    return { offset, message: 'has no space behind its ":"; write "key: value"' };
  }
  return { offset, message: SENTENCES[fault.code] ?? 'is not YAML; a line is "key: value" or "- value"' };
}

/** YAML does not protect what is in such quotes: a ": " or a comma inside ends the value. */
function valueInTypographicQuotes({ text, start }: Line): TextProblem | undefined {
  for (const { index, 0: before } of text.matchAll(/^\s*|(?:[:,-] *|[[{]) */g)) {
    const at = index + before.length;
    const quote = typographicQuote(text.slice(at, at + 1));
    if (quote !== undefined) return { offset: start + at, message: inTypographicQuotes(quote) };
  }
  return undefined;
}

interface Line {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function lineAt(text: string, offset: number): Line {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const next = text.indexOf('\n', offset);
  const end = next === -1 ? text.length : next;
  return { start, end, text: text.slice(start, end) };
}

/** The next line that is not blank. */
function nextLine(text: string, end: number): Line | undefined {
  for (let at = end + 1; at < text.length; ) {
    const line = lineAt(text, at);
    if (/\S/.test(line.text)) return line;
    at = line.end + 1;
  }
  return undefined;
}
