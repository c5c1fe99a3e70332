import { isRemarked } from './allow-list.ts';
import { type FoundCredential, knownForms, namedValues } from './known-forms.ts';

/** A credential in a file. */
export interface SecretFinding {
  readonly kind: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Safe to show: the prefix that all secrets of this kind share, and stars. */
  readonly masked: string;
}

/** @param path of the file, relative to the top folder, with slashes */
export type Scan = (path: string, text: string) => Promise<SecretFinding[]>;

/**
 * Prepares a scan with the rules of secretlint (github.com/secretlint/secretlint, its recommended preset) and with the
 * credential patterns for manifests. The rules are loaded when the first scan is prepared.
 */
export async function createScan(): Promise<Scan> {
  const [{ lintSource }, { creator }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ]);
  const rules = [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator, rules: [] }];
  // Secretlint's profiler parses the file name and fails for some names. The rules do not depend on it.
  const source = { filePath: 'file', ext: '', contentType: 'text' as const };
  const options = { config: { rules }, noPhysicFilePath: true };
  const kept = async ({ from, content }: Piece, length: number): Promise<FoundCredential[]> => {
    const { messages } = await lintSource({ source: { ...source, content }, options });
    const to = from + content.length;
    return messages
      .map(({ ruleId, range: [start, end] }) => ({
        kind: ruleId.replace(/^.*secretlint-rule-/, '').replace('privatekey', 'private-key'),
        start: from + start,
        end: from + end,
      }))
      .filter(({ start, end }) => (start > from || from === 0) && (end < to || to === length));
  };
  return async (path, text) => {
    const found: FoundCredential[] = [];
    for (const piece of piecesOf(text)) found.push(...(await kept(piece, text.length)));
    const all = distinct([...found, ...knownForms(text), ...namedValues(text, path)], text.length);
    return placed(all, text).map(({ kind, start, end, line, column }) => ({
      ...{ kind, file: path, line, column },
      masked: masked(text.slice(start, end)),
    }));
  };
}

interface Piece {
  readonly from: number;
  readonly content: string;
}

/** secretlint's time grows with the square of what it finds in a text, so that long ones are given to it in pieces. */
const PIECE = 65_536;
/** By as much pieces overlap: no credential is longer, so that each is whole and away from the edges in one of them. */
const OVERLAP = 16_384;

function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (let from = 0; from === 0 || from + OVERLAP < text.length; from += PIECE - OVERLAP) {
    pieces.push({ from, content: text.slice(from, from + PIECE) });
  }
  return pieces;
}

/** One finding for one place: what was found first names it. Sorted by place. */
function distinct(found: readonly FoundCredential[], length: number): FoundCredential[] {
  const taken = new Uint8Array(length);
  const kept = found.filter(({ start, end }) => {
    if (taken.subarray(start, end).includes(1)) return false;
    taken.fill(1, start, end);
    return true;
  });
  return kept.sort((a, b) => a.start - b.start);
}

/** Findings with their places, without those whose line says that they are none. @param found sorted by place */
function placed(
  found: readonly FoundCredential[],
  text: string,
): (FoundCredential & { line: number; column: number })[] {
  let [line, lineStart, isNone] = [0, 0, false];
  let lineEnd = -1;
  return found.flatMap((each) => {
    while (line === 0 || (lineEnd !== -1 && lineEnd < each.start)) {
      line += 1;
      lineStart = lineEnd + 1;
      lineEnd = text.indexOf('\n', lineStart);
      isNone = isRemarkedAt(text, lineStart, lineEnd);
    }
    return isNone ? [] : [{ ...each, line, column: each.start - lineStart + 1 }];
  });
}

const isRemarkedAt = (text: string, start: number, end: number) =>
  isRemarked(text.slice(start, end === -1 ? undefined : end));

function masked(secret: string): string {
  const [shared = ''] =
    /^([A-Za-z]{2,12}[_-](?=.{12})|-----BEGIN [A-Z ]*PRIVATE KEY|[a-z]+:\/\/|AKIA|ASIA|eyJ)/.exec(secret) ?? [];
  return `${shared}****`;
}
