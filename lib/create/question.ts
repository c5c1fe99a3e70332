import { runInNewContext } from 'node:vm';
import * as z from 'zod';
import { describeIssues } from '../model/load/sentences.ts';

export type TemplateAnswer = string | number | boolean;

export const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cf}\u2028\u2029]*$/u, 'must be one line');

const settings = z.looseObject({
  title: line(120).meta({ description: 'The question, in plain words.' }),
  description: line(500).optional(),
  type: z.enum(['string', 'boolean', 'integer', 'number']),
  default: z.union([z.string().max(500), z.number(), z.boolean()]).optional(),
  enum: z
    .array(z.union([line(100), z.number()]))
    .min(1)
    .max(50)
    .optional(),
  enumNames: z.array(line(100)).max(50).optional(),
  pattern: z.string().max(300).refine(isPattern, 'must be a regular expression').optional(),
  minLength: z.int().min(0).max(500).optional(),
  maxLength: z.int().min(1).max(500).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});

export type Question = z.output<typeof settings>;

/** One question of a template: a JSON Schema that does not contradict itself. */
export const question = settings.superRefine((value, context) => {
  for (const [key, message] of contradictions(value)) context.addIssue({ code: 'custom', path: [key], message });
});

const FOR_TEXT = ['pattern', 'minLength', 'maxLength'] as const;
const FOR_NUMBERS = ['minimum', 'maximum'] as const;

/** Settings that nobody could answer, each with what is wrong. */
function contradictions(value: Question): [key: string, message: string][] {
  const found: [string, string][] = [];
  for (const key of Object.keys(value)) {
    if (key in settings.shape || key.startsWith('ui:')) continue;
    found.push([key, `is not a setting of a question; there are ${Object.keys(settings.shape).join(', ')} and ui:*`]);
  }
  const { type, enum: choices, enumNames } = value;
  const isNumber = type === 'integer' || type === 'number';
  for (const key of [...(type === 'string' ? [] : FOR_TEXT), ...(isNumber ? [] : FOR_NUMBERS)]) {
    if (value[key] !== undefined) found.push([key, `has no meaning for the type ${type}`]);
  }
  if ((value.minLength ?? 0) > (value.maxLength ?? 500)) found.push(['minLength', 'is more than maxLength']);
  if (value.minimum !== undefined && value.maximum !== undefined && value.minimum > value.maximum) {
    found.push(['minimum', 'is more than maximum']);
  }
  if (choices !== undefined) {
    const bad = choices
      .map((choice) => problemOf({ ...value, enum: undefined }, choice))
      .find((each) => each !== undefined);
    if (bad !== undefined) found.push(['enum', `has a value that ${bad}`]);
    if (new Set(choices).size < choices.length) found.push(['enum', 'has a value twice']);
    if (enumNames !== undefined && enumNames.length !== choices.length) {
      found.push(['enumNames', `has ${enumNames.length} names for the ${choices.length} values of enum`]);
    }
  } else if (enumNames !== undefined) found.push(['enumNames', 'names the values of enum, which is missing']);
  const ofDefault = value.default === undefined ? undefined : problemOf(value, value.default);
  if (ofDefault !== undefined) found.push(['default', `is no answer to this question: it ${ofDefault}`]);
  return found;
}

/**
 * Characters allowed in an answer: one line without quotes, backslashes, markup and placeholders. Answers go into
 * quoted texts of many languages, without escaping.
 */
export const PLAIN_TEXT = String.raw`^[^"\\\x60<>$\{\}\x00-\x1F\x7F-\x9F\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF]*$`;
const plain = new RegExp(PLAIN_TEXT, 'u');

/** Why an answer is not valid, such as `must be a number; found "a"`; undefined if it is. */
export function problemOf(question: Question, value: TemplateAnswer): string | undefined {
  const { enumNames: _, pattern, default: __, ...rest } = question;
  const schema = z.fromJSONSchema(
    Object.fromEntries(
      Object.entries(rest).filter(([key, set]) => set !== undefined && !key.startsWith('ui:')),
    ) as never,
  );
  const result = schema.safeParse(value);
  const shown = `found ${JSON.stringify(value)}`;
  if (!result.success)
    return describeIssues(schema, value, result.error.issues)[0]?.message ?? `is not allowed; ${shown}`;
  if (typeof value !== 'string') return undefined;
  if (!plain.test(value)) {
    return `must be one line without quotes ("), backslashes, backticks, angle brackets, $ and braces; ${shown}`;
  }
  const isMatch = pattern === undefined || matches(pattern, value);
  if (isMatch === undefined) return `cannot be checked: the pattern of the template, ${pattern}, takes too long`;
  return isMatch ? undefined : `must match the pattern ${pattern}; ${shown}`;
}

/** Milliseconds. A pattern with back references or lookarounds has no engine that is linear in time. */
const PATTERN_TIME = 1000;

/** Whether a text matches a pattern of somebody else; undefined if that takes too long. */
function matches(pattern: string, text: string): boolean | undefined {
  try {
    return (
      runInNewContext('new RegExp(pattern, "u").test(text)', { pattern, text }, { timeout: PATTERN_TIME }) === true
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  }
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') !== undefined;
  } catch {
    return false;
  }
}
