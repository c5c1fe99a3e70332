import { compareStrings } from './fileset.ts';

/**
 * Writes data as YAML that every reader understands in the same way: YAML 1.2 readers, and the YAML 1.1 reader (Go's
 * sigs.k8s.io/yaml) of Kubernetes, Argo CD and Flux. Block style; the usual first keys of a Kubernetes object come
 * first, all others are sorted by code unit; `undefined` members are left out.
 *
 * A string is written plain only if both versions certainly read it as a string. Any other is a JSON string, which is a
 * valid double-quoted scalar in both. A text of several lines becomes a literal block if that is lossless.
 *
 * @throws TypeError for values that YAML cannot represent: functions, symbols, bigint, NaN, infinities, lone surrogates
 */
export function emitYaml(value: unknown, options: EmitOptions = {}): string {
  const out: string[] = [];
  if (isCollection(value)) writeCollection(out, value, '', options.order === 'kept' ? undefined : compareKeys);
  else out.push(scalar(value, ''), '\n');
  return out.join('');
}

export interface EmitOptions {
  /** `kept`: keys stay in the order in which the data has them, for text whose check sum depends on it. @default sorted */
  readonly order?: 'sorted' | 'kept';
}

type Compare = ((a: string, b: string) => number) | undefined;

const FIRST_KEYS = ['apiVersion', 'kind', 'metadata', 'name', 'namespace', 'type', 'spec', 'data'];
const KEY_RANK = new Map(FIRST_KEYS.map((key, i) => [key, i]));

function compareKeys(a: string, b: string): number {
  return (KEY_RANK.get(a) ?? FIRST_KEYS.length) - (KEY_RANK.get(b) ?? FIRST_KEYS.length) || compareStrings(a, b);
}

type Collection = readonly unknown[] | Readonly<Record<string, unknown>>;

function isCollection(value: unknown): value is Collection {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) ? value.length > 0 : definedKeys(value).length > 0;
}

function definedKeys(value: object): string[] {
  return Object.keys(value).filter((key) => (value as Record<string, unknown>)[key] !== undefined);
}

function writeCollection(out: string[], value: Collection, indent: string, compare: Compare): void {
  if (Array.isArray(value)) {
    for (const item of value) {
      out.push(indent, '-');
      writeItem(out, item, indent, compare);
    }
    return;
  }
  const record = value as Readonly<Record<string, unknown>>;
  const keys = definedKeys(record);
  for (const key of compare === undefined ? keys : keys.sort(compare)) {
    out.push(indent, plainOrQuoted(key), ':');
    const member = record[key];
    if (isCollection(member)) {
      // A sequence is not indented below its key, as in kubectl's output.
      out.push('\n');
      writeCollection(out, member, Array.isArray(member) ? indent : `${indent}  `, compare);
    } else {
      out.push(' ', scalar(member, `${indent}  `), '\n');
    }
  }
}

function writeItem(out: string[], item: unknown, indent: string, compare: Compare): void {
  if (!isCollection(item)) {
    out.push(' ', scalar(item, `${indent}  `), '\n');
    return;
  }
  // The first line of a nested collection is on the line of its dash.
  const nested: string[] = [];
  writeCollection(nested, item, `${indent}  `, compare);
  nested[0] = ' ';
  out.push(...nested);
}

function scalar(value: unknown, indent: string): string {
  switch (typeof value) {
    case 'string':
      return text(value, indent);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      return number(value);
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? '[]' : '{}';
    case 'undefined':
      return 'null';
    default:
      throw new TypeError(`YAML cannot carry a ${typeof value}`);
  }
}

function number(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`YAML cannot carry ${value}`);
  if (Object.is(value, -0)) return '0';
  const digits = String(value);
  // YAML 1.1 requires a dot in a number with an exponent: it reads 1e+21 as a string.
  return digits.includes('e') && !digits.includes('.') ? digits.replace('e', '.0e') : digits;
}

// Begins with a letter and has no `: `, ` #` or indicator, so it cannot be a number, a date, a tag or a flow.
const PLAIN = /^[A-Za-z/](?:[A-Za-z0-9_./@+()-]|:(?=[A-Za-z0-9/])| (?=[A-Za-z0-9_./@+(]))*$/;
// Quantities and durations; no reader takes them for numbers.
const AMOUNT = /^[0-9]+(?:m|h|[KMGT]i)$/;
// Words that YAML 1.1 or 1.2 readers take for booleans, nulls, merges or floats (`e0`).
const RESERVED = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf|e[-+]?[0-9]+)$/i;

function plainOrQuoted(value: string): string {
  if ((PLAIN.test(value) && !RESERVED.test(value)) || AMOUNT.test(value)) return value;
  if (!value.isWellFormed()) throw new TypeError('YAML cannot carry half a surrogate pair');
  return quoted(value);
}

/** JSON's escapes are valid in YAML. Characters that YAML 1.1 reads as line breaks or refuses are escaped as well. */
function quoted(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Several lines of printable ASCII without trailing blanks become a literal block, which keeps them exactly. */
function text(value: string, indent: string): string {
  if (!value.includes('\n')) return plainOrQuoted(value);
  const keepsEnd = value.endsWith('\n');
  const lines = (keepsEnd ? value.slice(0, -1) : value).split('\n');
  const lossless =
    lines.every((line) => line === '' || /^[ -~]*[!-~]$/.test(line)) &&
    /^[!-~]/.test(lines[0] as string) &&
    lines.at(-1) !== '';
  if (!lossless) return plainOrQuoted(value);
  return [keepsEnd ? '|' : '|-', ...lines.map((line) => (line === '' ? '' : indent + line))].join('\n');
}
