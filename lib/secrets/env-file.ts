import type { Problem } from '../core/errors.ts';

/** The variables of a .env file, and its problems. */
export interface EnvFile {
  readonly values: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

const LINE = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(\S.*)?$/;

/**
 * Reads `NAME=value` lines: comments, `export`, and quotes within one line. Anything that other readers would interpret
 * differently is a problem, since a wrong value would be sealed unnoticed. Messages never contain a value.
 */
export function readEnvFile(text: string, file: string): EnvFile {
  const values = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [i, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const at = (message: string) => problems.push({ file, line: i + 1, message });
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, written = ''] = LINE.exec(line.trimEnd()) ?? [];
    if (name === undefined) {
      at('must be NAME=value, a comment or empty');
      continue;
    }
    const value = unquoted(written);
    if (value === undefined) {
      at(
        `${name} has a quote that does not end on its line: give a value of several lines with --from-file ${name}=PATH`,
      );
    } else if (hasPlaceholder(written)) {
      at(
        `${name} has a $ before a name, which some programs replace and others keep: to keep it, put the value in single quotes; else write what it stands for`,
      );
    } else if (values.has(name)) at(`${name} is there a second time`);
    else values.set(name, value);
  }
  return { values, problems };
}

/** A value without a trailing comment, in linear time. */
export function withoutRemark(text: string): string {
  const at = text.search(/\s#/);
  return at === -1 ? text : text.slice(0, at).trimEnd();
}

/** Whether there is `$HOME`, `${HOME}` or `$(pwd)`, outside of single quotes and without a backslash before it. */
function hasPlaceholder(text: string): boolean {
  if (text.startsWith("'")) return false;
  const value = /^"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? withoutRemark(text);
  return /^(?:[^\\$]|\\.|\$(?![A-Za-z_{(]))*\$[A-Za-z_{(]/.test(value);
}

/** Undefined if a quote is not closed. */
function unquoted(text: string): string | undefined {
  const [quote] = text;
  if (quote !== '"' && quote !== "'") return withoutRemark(text);
  const whole = quote === '"' ? /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/ : /^'([^']*)'\s*(?:#.*)?$/;
  const [, inner] = whole.exec(text) ?? [];
  if (inner === undefined || quote === "'") return inner;
  const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
  return inner.replace(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
}
