import { isRecord, type JsonRecord } from '../../core/json.ts';
import { closest } from '../../model/load/suggest.ts';
import type { Path, ServerProblem } from '../problem.ts';
import { combinationProblems, neededBy } from './combinations.ts';
import { relationProblems } from './relations.ts';
import { TYPES } from './types.ts';
import { isOpen, valueProblem } from './values.ts';
import { wholeProblems } from './whole.ts';

/** The API server treats null like a missing field. */
const isMissing = (value: unknown): boolean => value === undefined || value === null;

/**
 * Fields of an object that the API server refuses for its kind: unknown, of a wrong type, missing, or with an invalid
 * value. Nothing for kinds that are not in {@link TYPES}.
 */
export function objectFieldProblems(object: JsonRecord): ServerProblem[] {
  const name = `${String(object['apiVersion'])} ${String(object['kind'])}`;
  if (!Object.hasOwn(TYPES, name)) return [];
  return [...typeProblems(object, name, []), ...wholeProblems(object)];
}

function typeProblems(value: unknown, type: string, path: Path): ServerProblem[] {
  if (isMissing(value) || isOpen(value) || type === 'any') return [];
  if (type.startsWith('[]')) {
    if (!Array.isArray(value)) return [wrong(path, 'a list', value)];
    return value.flatMap((item: unknown, i) =>
      item === null
        ? [{ path: [...path, i], message: 'is an empty item of a list; write it out or remove it' }]
        : typeProblems(item, type.slice(2), [...path, i]),
    );
  }
  if (type.startsWith('{}')) {
    if (!isRecord(value)) return [wrong(path, 'a map', value)];
    return Object.keys(value).flatMap((key) => typeProblems(value[key], type.slice(2), [...path, key]));
  }
  const definition = Object.hasOwn(TYPES, type) ? TYPES[type]! : undefined;
  if (definition === undefined) return scalarProblems(value, type, path);
  return definition.startsWith('= ')
    ? typeProblems(value, definition.slice(2), path)
    : fieldProblems(value, type, path);
}

function fieldProblems(value: unknown, type: string, path: Path): ServerProblem[] {
  if (!isRecord(value)) return [wrong(path, 'a map', value)];
  const fields = fieldsOf(type);
  const unknown = Object.keys(value).filter((key) => !fields.has(key) && key !== 'status' && key !== 'managedFields');
  const needed = neededBy(type);
  const missing = [...fields].filter(
    ([key, field]) => field.isRequired && isMissing(value[key]) && !needed.includes(key),
  );
  return [
    ...unknown.map((key) => ({ path: [...path, key], message: unknownField(key, [...fields.keys()], path) })),
    ...missing.map(([key]) => ({ path, message: `needs ${key}, which is missing` })),
    ...[...fields].flatMap(([key, field]) => {
      const own = typeProblems(value[key], field.type, [...path, key]);
      if (own.length > 0 || isMissing(value[key]) || isOpen(value[key])) return own;
      const message = valueProblem(type, key, value[key], field.type);
      return message === undefined ? [] : [{ path: [...path, key], message }];
    }),
    // With an unknown field in the place of a known one, the rest would say the same again.
    ...(unknown.length > 0 ? [] : [...combinationProblems(type, value, path), ...relationProblems(type, value, path)]),
  ];
}

interface Field {
  readonly type: string;
  readonly isRequired: boolean;
}

function fieldsOf(type: string): ReadonlyMap<string, Field> {
  const fields = TYPES[type]!.split(', ').filter((field) => field !== '');
  return new Map(
    fields.map((field) => {
      const [name, of] = field.split(' ') as [string, string];
      return [name.replace('!', ''), { type: of, isRequired: name.endsWith('!') }];
    }),
  );
}

function unknownField(key: string, known: readonly string[], path: Path): string {
  const meant = closest(key, known);
  const holder = path.findLast((part) => typeof part === 'string');
  const place = holder === undefined ? 'here' : `in ${holder}`;
  return `Kubernetes has no such field ${place}${meant === undefined ? '; remove it' : `; did you mean ${meant}?`}`;
}

const SCALARS: Readonly<Record<string, readonly [what: string, fits: (value: unknown) => boolean]>> = {
  text: ['a text (put it in quotes)', (value) => typeof value === 'string'],
  integer: ['a whole number without quotes', (value) => Number.isInteger(value)],
  int32: ['a whole number without quotes', (value) => Number.isInteger(value)],
  number: ['a number', (value) => typeof value === 'number'],
  flag: ['true or false', (value) => typeof value === 'boolean'],
  amount: ['an amount such as 500m or 256Mi', (value) => typeof value === 'string' || typeof value === 'number'],
  'text|integer': ['a text or a whole number', (value) => typeof value === 'string' || Number.isInteger(value)],
};

/** Numbers of these types have 32 bits. */
const SHORT = new Set(['int32', 'text|integer']);
const MAX_INT32 = 2_147_483_647;

function scalarProblems(value: unknown, type: string, path: Path): ServerProblem[] {
  const scalar = Object.hasOwn(SCALARS, type) ? SCALARS[type] : undefined;
  if (scalar === undefined) return [];
  if (!scalar[1](value)) return [wrong(path, scalar[0], value)];
  const isTooLarge = SHORT.has(type) && typeof value === 'number' && Math.abs(value) > MAX_INT32;
  return isTooLarge ? [{ path, message: `must be at most ${MAX_INT32}; found ${value}` }] : [];
}

function wrong(path: Path, what: string, value: unknown): ServerProblem {
  return { path, message: `must be ${what}; found ${shown(value)}` };
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'a map';
  return typeof value === 'string' ? `the text ${JSON.stringify(value.slice(0, 60))}` : String(value);
}
