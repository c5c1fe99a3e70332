import type * as z from 'zod';
import { looksLikeCredential, SECRET_ITSELF } from './credential.ts';
import { showText } from './field.ts';
import type { FieldPath } from './positions.ts';
import { holders, purpose, requiredSettings, schemaAt, settingNames } from './schema.ts';
import { closest } from './suggest.ts';
import { typographicQuote } from './text.ts';

/** A schema problem in words: the field, and what is wrong with it. */
export interface SchemaProblem {
  readonly path: FieldPath;
  /** Whether the key is wrong rather than its value. */
  readonly atKey: boolean;
  readonly message: string;
  /** What was found, and what was probably meant. @default - unknown */
  readonly meant?: Meant;
}

export interface Meant {
  readonly found: string;
  readonly wanted: string;
}

/** Values below these keys are secrets, or could be by mistake. */
const SECRET_KEYS = new Set(['env', 'secrets']);

/** All issues of `schema` with `data`, as plain sentences. A possible secret is never repeated. */
export function describeIssues(schema: z.ZodType, data: unknown, issues: readonly z.core.$ZodIssue[]): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  const seen = new Set<string>();
  const meant = new Set<string>();
  const branches = issues.flatMap((issue) => ofBranch(issue));
  const misspelt = new Set(
    branches.flatMap(({ code, path }) => (code === 'unrecognized_keys' ? [path.join('\n')] : [])),
  );
  // A missing setting is not reported if its group has a misspelt one.
  const flat = branches.filter(({ code, path }) => code !== 'custom' || !misspelt.has(path.join('\n')));
  for (const issue of flat.sort((a, b) => unknownFirst(a) - unknownFirst(b))) {
    const path = issue.path.map((segment) => (typeof segment === 'symbol' ? String(segment) : segment));
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        const suggestion = closest(key, settingNames(schemaAt(schema, path)));
        if (suggestion !== undefined) meant.add(identity([...path, suggestion]));
        const message = unknownKey(schema, path, key, suggestion);
        problems.push({ path: [...path, key], atKey: true, message, ...meantBy(key, suggestion) });
      }
      continue;
    }
    // One problem per value is enough. A setting with a misspelt name is not reported as missing too.
    const id = identity(path);
    if (seen.has(id)) continue;
    seen.add(id);
    const found = valueAt(data, path);
    if (found === undefined && meant.has(id)) continue;
    const message = sentence(schema, path, issue, found);
    const meantValue = typeof found === 'string' ? meantBy(found, suggestedValue(issue, found, path)) : {};
    problems.push({ path, atKey: issue.code === 'invalid_key', message, ...meantValue });
  }
  return problems;
}

/** For a value with several forms: the issues of the form that was used, or of all forms if none was. */
function ofBranch(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const without = (branches: typeof issue.errors, code: string) =>
    branches.filter((branch) => !branch.some((i) => i.code === code && i.path.length === 0));
  const ofType = without(issue.errors, 'invalid_type');
  const begun = ofType.length > 1 ? without(ofType, 'invalid_value') : ofType;
  if (begun.length !== 1) return [issue];
  return begun[0]!.flatMap((inner) => ofBranch({ ...inner, path: [...issue.path, ...inner.path] }));
}

function meantBy(found: string, wanted: string | undefined): { meant?: Meant } {
  return wanted === undefined ? {} : { meant: { found, wanted } };
}

function unknownFirst(issue: z.core.$ZodIssue): number {
  return issue.code === 'unrecognized_keys' ? 0 : 1;
}

function identity(path: FieldPath): string {
  return JSON.stringify(path);
}

function valueAt(data: unknown, path: FieldPath): unknown {
  let value = data;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string | number, unknown>)[segment];
  }
  return value;
}

function unknownKey(schema: z.ZodType, path: FieldPath, key: string, suggestion: string | undefined): string {
  const subject = `${showText(key)} is not a setting`;
  if (suggestion !== undefined) return `${subject}; did you mean "${suggestion}"?`;
  const holder = holders(schemaAt(schema, path), key)[0];
  if (holder !== undefined) return `${subject} here; it belongs under "${[...path, holder].join('.')}"`;
  if (settingNames(schemaAt(schema, path.slice(0, -1))).includes(key) && path.length > 0) {
    return `${subject} here; it belongs on the same level as "${path.at(-1)}"`;
  }
  return `${subject}; allowed here: ${settingNames(schemaAt(schema, path)).join(', ')}`;
}

function sentence(schema: z.ZodType, path: FieldPath, issue: z.core.$ZodIssue, found: unknown): string {
  const wanted = requirement(issue);
  if (found === undefined && issue.code !== 'custom') {
    const about = purpose(schema, path);
    return `is required and ${wanted}${about === undefined ? '' : ` (${about.replace(/\.$/, '')})`}`;
  }
  switch (issue.code) {
    case 'custom':
      return issue.message;
    case 'invalid_key':
      return `has a name that ${requirement(issue.issues[0] as z.core.$ZodIssue)}`;
    default:
      return `${wanted}; found ${show(found, path)}${hint(schema, issue, found, path)}`;
  }
}

const NOUNS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of settings',
  record: 'a group of names and values',
  null: 'empty',
};

/** What the value must be: `must be at most 65535`. */
function requirement(issue: z.core.$ZodIssue): string {
  // The schema's own message says more than the library's.
  if (issue.message.startsWith('must ')) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${NOUNS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
    case 'too_big':
      return bound(issue.origin, 'at most', issue.maximum, issue.inclusive);
    case 'too_small':
      return bound(issue.origin, 'at least', issue.minimum, issue.inclusive);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return `must be ${issue.errors.map((branch) => requirement(branch[0]!).replace(/^must be /, '')).join(', or ')}`;
    default:
      // The library shows the pattern, which does not help a reader.
      return 'must have another form';
  }
}

function bound(origin: string, direction: string, limit: number | bigint, inclusive = true): string {
  const unit = origin === 'string' ? 'character' : origin === 'array' ? 'item' : undefined;
  if (unit) return `must have ${direction} ${limit} ${unit}${limit === 1 ? '' : 's'}`;
  if (inclusive) return `must be ${direction} ${limit}`;
  return `must be ${direction === 'at most' ? 'less' : 'more'} than ${limit}`;
}

/** The value, as far as it may be shown. */
function show(value: unknown, path: FieldPath): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'a group of settings';
  if (isSecret(path)) return typeof value === 'string' ? `${value.length} characters` : NOUNS[typeof value]!;
  return typeof value === 'string' ? showText(value) : String(value);
}

function isSecret(path: FieldPath): boolean {
  return path.some((segment) => typeof segment === 'string' && SECRET_KEYS.has(segment));
}

function hint(schema: z.ZodType, issue: z.core.$ZodIssue, found: unknown, path: FieldPath): string {
  if (typeof found === 'string' && found.includes('${{')) {
    return `; no workflow replaces $\{{ }} in this file, write the value itself`;
  }
  if (typeof found === 'string' && /\{\{.*\}\}/.test(found) && !isSecret(path)) {
    return '; no template engine reads this file, write the value itself';
  }
  if (issue.code === 'invalid_type' && issue.expected === 'array' && typeof found === 'string') return listHint(found);
  if (issue.code === 'invalid_type' && (issue.expected === 'object' || issue.expected === 'record')) {
    const group = groupHint(schema, found, path);
    if (group !== '') return group;
  }
  if (path.includes('secrets') && typeof found === 'string' && looksLikeCredential(found)) {
    return `; ${SECRET_ITSELF}`;
  }
  const quote = typeof found === 'string' && !isSecret(path) ? typographicQuote(found) : undefined;
  if (quote !== undefined) return `; it contains a typographic quote (${quote}), which is a part of the text`;
  if (issue.message.startsWith('must be a time such as')) return timeHint(found);
  const suggestion = suggestedValue(issue, found, path);
  if (suggestion !== undefined) return `; did you mean ${suggestion}?`;
  if (issue.code !== 'invalid_type') return '';
  if (issue.expected === 'string' && (typeof found === 'number' || typeof found === 'boolean')) {
    return isSecret(path) ? '; put it in quotes' : `; put it in quotes: "${found}"`;
  }
  const isNumeric = typeof found === 'string' && /^[0-9]{1,15}$/.test(found);
  if ((issue.expected === 'number' || issue.expected === 'int') && isNumeric) return '; leave out the quotes';
  return found === null ? '; fill it in or remove the line' : '';
}

/** The same words as a list, if they are plain words. */
function listHint(found: string): string {
  const words = found.trim().split(/\s+/);
  const isPlain = words.length <= 8 && words.every((word) => /^[\w./:@=*-]{1,60}$/.test(word));
  if (!isPlain || looksLikeCredential(found)) return '; write it as a list: [first, second]';
  const items = words.map((word) => (/^[A-Za-z./][\w./-]*$/.test(word) ? word : `"${word}"`));
  return `; write it as a list: [${items.join(', ')}]`;
}

/** The long form of a group with one required setting: `q: redis` was meant as `q: { type: redis }`. */
function groupHint(schema: z.ZodType, found: unknown, path: FieldPath): string {
  if (found === null || path.length === 0) return '';
  const [own, ofMember] = [path, [...path, 'name']].map((at) => requiredSettings(schemaAt(schema, at)));
  const isPlain = typeof found === 'string' && /^[A-Za-z./][\w./:-]{0,60}$/.test(found) && !looksLikeCredential(found);
  const value = isPlain ? found : '...';
  if (own?.length === 1) return `; write it as ${path.at(-1)}: { ${own[0]}: ${value} }`;
  return ofMember?.length === 1 ? `; write it as ${path.at(-1)}: { <name>: { ${ofMember[0]}: ${value} } }` : '';
}

const UNITS: readonly (readonly [pattern: RegExp, unit: string, times: number])[] = [
  [/^m(in(ute)?s?)?$/, 'm', 1],
  [/^h((ou)?rs?)?$/, 'h', 1],
  [/^d(ays?)?$/, 'd', 1],
  [/^w(eeks?)?$/, 'd', 7],
];

/** `2 days` is 2d. A number without a unit is ambiguous. */
function timeHint(found: unknown): string {
  const [, digits, word] = /^\s*(\d{1,4})\s*([a-z]*)\s*$/i.exec(String(found)) ?? [];
  if (digits === undefined) return '';
  if (word === '') return `; add a unit: ${digits}m, ${digits}h or ${digits}d`;
  const unit = UNITS.find(([pattern]) => pattern.test(word!.toLowerCase()));
  return unit === undefined ? '' : `; did you mean ${Number(digits) * unit[2]}${unit[1]}?`;
}

/** The allowed value that was probably meant. */
function suggestedValue(issue: z.core.$ZodIssue, found: unknown, path: FieldPath): string | undefined {
  if (issue.code !== 'invalid_value' || typeof found !== 'string') return undefined;
  return isSecret(path) || looksLikeCredential(found) ? undefined : closest(found, issue.values.map(String));
}
