import { Composer, CST, type Document, Lexer, type ParsedNode, Parser, type YAMLError } from 'yaml';
import type { TextProblem } from './text.ts';

/** Nesting that no preview, platform or Kubernetes object comes near. */
const MAX_DEPTH = 64;
/** About 12,000 lines; keeps the syntax tree of the worst file under 200 MB. */
const MAX_LEXEMES = 100_000;

export type YamlDocumentNode = Document.Parsed<ParsedNode, true>;

export interface Syntax {
  readonly documents: readonly YamlDocumentNode[];
  /** Where there is any, `documents` is empty: half a syntax tree says nothing reliable. */
  readonly problems: readonly TextProblem[];
}

/** Text to syntax trees of at most `maxDocuments` documents, without aliases, anchors, tags and directives. */
export function parseSyntax(text: string, maxDocuments: number, maxProblems: number): Syntax {
  const tokens: CST.Token[] = [];
  const problem = readTokens(text, tokens) ?? checkDepth(tokens);
  if (problem) return { documents: [], problems: [problem] };
  const problems = unwanted(tokens, maxProblems);
  if (problems.length > 0) return { documents: [], problems };
  return compose(tokens, text.length, maxDocuments, maxProblems);
}

/** Stops at the first excess, before the parser builds anything of that size. */
function readTokens(text: string, tokens: CST.Token[]): TextProblem | undefined {
  const parser = new Parser();
  let offset = 0;
  let count = 0;
  let depth = 0;
  let isScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    if (++count > MAX_LEXEMES) return { offset, message: 'holds too many values to be read' };
    if (!isScalar && (lexeme === '[' || lexeme === '{') && ++depth > MAX_DEPTH) return tooDeep(offset);
    if (!isScalar && (lexeme === ']' || lexeme === '}')) depth--;
    for (const token of parser.next(lexeme)) tokens.push(token);
    // These two announce what comes next and are no text themselves.
    if (lexeme !== CST.SCALAR && lexeme !== CST.DOCUMENT) offset += lexeme.length;
    isScalar = lexeme === CST.SCALAR;
  }
  for (const token of parser.end()) tokens.push(token);
  return undefined;
}

function tooDeep(offset: number): TextProblem {
  return { offset, message: `is nested more than ${MAX_DEPTH} levels deep` };
}

/** A stack of its own, since what it guards against is a stack that overflows. */
function checkDepth(tokens: readonly CST.Token[]): TextProblem | undefined {
  const pending = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.depth > MAX_DEPTH) return tooDeep(next.token.offset);
    const step = CST.isCollection(next.token) ? 1 : 0;
    for (const token of childTokens(next.token)) pending.push({ token, depth: next.depth + step });
  }
  return undefined;
}

function childTokens(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value ? [token.value] : [];
  if (!CST.isCollection(token)) return [];
  return token.items.flatMap((item) => [item.key, item.value].filter((child) => child != null));
}

const UNWANTED: Readonly<Partial<Record<CST.Token['type'], string>>> = {
  alias: 'is an alias (*); write the value out',
  anchor: 'is an anchor (&); write the value out where it is needed, or put text that begins with & in quotes',
  tag: 'is a tag (!); leave it out, or put text that begins with ! in quotes',
  directive: 'is a YAML directive (%); leave it out',
  error: 'is not valid YAML here',
};

/** Every token that has no place in these files, or that is never closed. Depth is known to be small here. */
function unwanted(tokens: readonly CST.Token[], limit: number): TextProblem[] {
  const problems: TextProblem[] = [];
  const visit = (token: CST.Token): void => {
    const message = UNWANTED[token.type] ?? unclosed(token);
    if (message && problems.length < limit) problems.push({ offset: token.offset, message });
    for (const child of allTokens(token)) visit(child);
  };
  for (const token of tokens) visit(token);
  return problems;
}

/** The parser would notice at the end of the file, far from the place to mend. */
function unclosed(token: CST.Token): string | undefined {
  if (token.type === 'flow-collection') {
    const isClosed = token.end.some(({ type }) => type === 'flow-seq-end' || type === 'flow-map-end');
    return isClosed ? undefined : `has a ${token.start.source} that is never closed`;
  }
  if (token.type !== 'single-quoted-scalar' && token.type !== 'double-quoted-scalar') return undefined;
  const { source } = token;
  const quote = source[0]!;
  // A quote is part of the text after a backslash, or after another quote: it closes after an even number of those.
  const escaping = token.type === 'double-quoted-scalar' ? '\\' : quote;
  let end = source.length - 1;
  while (end > 1 && source[end - 1] === escaping) end--;
  const isClosed = source.length > 1 && source.endsWith(quote) && (source.length - 1 - end) % 2 === 0;
  return isClosed ? undefined : `has a ${quote} that is never closed`;
}

function allTokens(token: CST.Token): CST.Token[] {
  switch (token.type) {
    case 'document':
      return [...token.start, ...(token.value ? [token.value] : []), ...(token.end ?? [])];
    case 'block-scalar':
      return token.props;
    case 'block-map':
    case 'block-seq':
    case 'flow-collection': {
      const items = token.items.flatMap((item: CST.CollectionItem) => [
        ...item.start,
        ...(item.key ? [item.key] : []),
        ...(item.sep ?? []),
        ...(item.value ? [item.value] : []),
      ]);
      return token.type === 'flow-collection' ? [...items, ...token.end] : items;
    }
    default:
      return 'end' in token ? (token.end ?? []) : [];
  }
}

function compose(tokens: CST.Token[], length: number, maxDocuments: number, maxProblems: number): Syntax {
  const documents: YamlDocumentNode[] = [];
  const composer = new Composer({ schema: 'failsafe', uniqueKeys: false, strict: true, logLevel: 'silent' });
  // The parser keeps an Error object for every fault. Without stack traces a file of faults costs a tenth of the time.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (const document of composer.compose(tokens, true, length)) {
      documents.push(document);
      if (documents.length > maxDocuments) break;
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  const faults = documents.flatMap((document) => [...document.errors, ...document.warnings]);
  const problems = faults.slice(0, maxProblems).map((fault) => ({ offset: fault.pos[0], message: sentence(fault) }));
  return { documents: problems.length > 0 ? [] : documents, problems };
}

/** The parser's own messages quote the file, which could show a secret; these do not. */
const SENTENCES: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  BAD_DQ_ESCAPE: 'is an escape that YAML does not know; use single quotes, or write \\\\ for a backslash',
  BAD_INDENT: 'is not indented like its neighbours; use the same number of spaces',
  BAD_SCALAR_START: 'begins with a character that has a meaning of its own; put the text in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'has a second ": " on its line; put text that holds ": " in quotes',
  BLOCK_IN_FLOW: 'must not stand inside [ ] or { }',
  KEY_OVER_1024_CHARS: 'is too long for a key',
  MISSING_CHAR: 'is not complete: a ":", a comma or a space is missing',
  MULTILINE_IMPLICIT_KEY: 'must be "key: value" on one line',
  TAB_AS_INDENT: 'is indented with a tab; use spaces',
};

function sentence(fault: YAMLError): string {
  return SENTENCES[fault.code] ?? 'is not valid YAML here';
}
