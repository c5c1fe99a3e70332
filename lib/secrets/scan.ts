import { isRemarked } from './allow-list.ts';
import { type Found, knownForms, namedValues } from './known-forms.ts';

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
  const kept = async (content: string): Promise<Found[]> => {
    const { messages } = await lintSource({ source: { ...source, content }, options });
    return messages.map(({ ruleId, range: [start, end] }) => ({
      kind: ruleId.replace(/^.*secretlint-rule-/, '').replace('privatekey', 'private-key'),
      start,
      end,
    }));
  };
  return async (path, text) => {
    const found = [...(await kept(text)), ...knownForms(text), ...namedValues(text, path)];
    return distinct(found).flatMap(({ kind, start, end }) => {
      const { line, column, content } = placeOf(text, start);
      if (isRemarked(content)) return [];
      return [{ kind, file: path, line, column, masked: masked(text.slice(start, end)) }];
    });
  };
}

/** One finding per position. The first one found names it. */
function distinct(found: readonly Found[]): Found[] {
  const kept: Found[] = [];
  for (const each of found) {
    if (!kept.some(({ start, end }) => each.start < end && start < each.end)) kept.push(each);
  }
  return kept.sort((a, b) => a.start - b.start);
}

function placeOf(text: string, offset: number): { line: number; column: number; content: string } {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const lineEnd = text.indexOf('\n', offset);
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  const content = text.slice(lineStart, lineEnd === -1 ? undefined : lineEnd);
  return { line, column: offset - lineStart + 1, content };
}

function masked(secret: string): string {
  const [shared = ''] =
    /^([A-Za-z]{2,12}[_-](?=.{12})|-----BEGIN [A-Z ]*PRIVATE KEY|[a-z]+:\/\/|AKIA|ASIA|eyJ)/.exec(secret) ?? [];
  return `${shared}****`;
}
