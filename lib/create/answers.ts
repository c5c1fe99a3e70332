import * as z from 'zod';
import { invalidInput, type Problem } from '../core/errors.ts';
import type { ProjectTemplate, Question } from './template.ts';

export type TemplateAnswer = string | number | boolean;
export type TemplateAnswers = Readonly<Record<string, TemplateAnswer>>;

/**
 * Characters allowed in an answer: one line without quotes, backslashes, markup and placeholders. Answers go into
 * quoted texts of many languages, without escaping.
 */
export const PLAIN_TEXT = String.raw`^[^"\\\x60<>$\{\}\x00-\x1F\x7F-\x9F\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF]*$`;
const plain = new RegExp(PLAIN_TEXT, 'u');

/** The questions of all pages, in their order. */
export function questionsOf(template: ProjectTemplate): readonly (Question & { name: string; isRequired: boolean })[] {
  return template.pages.flatMap(({ properties, required }) =>
    Object.entries(properties).map(([name, question]) => ({ ...question, name, isRequired: required.includes(name) })),
  );
}

/** Converts typed text to the question's type. */
export function answerOf(question: Question, text: string): TemplateAnswer {
  if (question.type === 'string') return text;
  if (question.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** Why an answer is not valid; undefined if it is. */
export function problemOf(question: Question, value: TemplateAnswer): string | undefined {
  const { enumNames: _, ...rest } = question;
  const schema = Object.fromEntries(Object.entries(rest).filter(([key]) => !key.startsWith('ui:')));
  const result = z.fromJSONSchema(schema as never).safeParse(value);
  if (!result.success) return result.error.issues[0]?.message ?? 'is not allowed';
  if (typeof value === 'string' && !plain.test(value)) {
    return 'must be one line without quotes ("), backslashes, backticks, angle brackets, $ and braces';
  }
  return undefined;
}

/**
 * The answers to all questions of a template, with defaults.
 *
 * @throws GreenroomError `invalid-input` that names each missing, unknown or invalid answer
 */
export function checkAnswers(template: ProjectTemplate, given: TemplateAnswers): TemplateAnswers {
  const questions = questionsOf(template);
  const problems: Problem[] = Object.keys(given)
    .filter((name) => !questions.some((question) => question.name === name))
    .map((name) => ({
      message: `--set ${name}: the template ${template.name} does not ask for it; it asks for ${questions.map((q) => q.name).join(', ') || 'nothing'}`,
    }));
  const answers: [string, TemplateAnswer][] = [];
  for (const question of questions) {
    const value = Object.hasOwn(given, question.name) ? given[question.name] : question.default;
    if (value === undefined) {
      if (question.isRequired) problems.push({ message: `--set ${question.name}=... is missing: ${question.title}` });
      // Templates have no missing values: an unanswered question gets the empty value of its type.
      else answers.push([question.name, question.type === 'string' ? '' : question.type === 'boolean' ? false : 0]);
      continue;
    }
    const problem = problemOf(question, value);
    if (problem === undefined) answers.push([question.name, value]);
    else problems.push({ message: `--set ${question.name}: ${problem}; found ${JSON.stringify(value)}` });
  }
  if (problems.length > 0) throw invalidInput(problems);
  return Object.fromEntries(answers);
}
