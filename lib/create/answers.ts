import { invalidInput, type Problem } from '../core/errors.ts';
import { problemOf, type Question, type TemplateAnswer } from './question.ts';
import type { ProjectTemplate } from './template.ts';

export type TemplateAnswers = Readonly<Record<string, TemplateAnswer>>;

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
    else problems.push({ message: `--set ${question.name}: ${problem}` });
  }
  if (problems.length > 0) throw invalidInput(problems);
  return Object.fromEntries(answers);
}
