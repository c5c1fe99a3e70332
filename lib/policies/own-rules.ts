import * as z from 'zod';
import { invalidInput, type Problem } from '../core/errors.ts';
import { fieldName } from '../model/load/field.ts';
import { type CelCompiler, createCelCompiler } from './cel.ts';
import { inexpressible } from './engines/expressible.ts';
import { defineRule, type Rule, type RuleSpec } from './rule.ts';
import { chosenRules } from './rule-set.ts';
import { variablesOf } from './variables.ts';

const text = z.string().min(1).max(2000);
const condition = z.object({
  cel: text,
  field: z.string().max(500),
  over: z.object({ cel: text, items: text, inner: text.optional() }).optional(),
  in: z.enum(['object', 'pod', 'podSpec']).optional(),
  fix: z.union([z.literal('remove'), z.object({ set: text })]).optional(),
  found: text.optional(),
});
const kind = z.object({
  group: z.string().max(253),
  kind: text,
  resource: text,
  subresources: z.array(text).optional(),
});
const ruleSpec = z.object({
  id: text,
  title: text,
  message: text,
  source: text,
  why: text,
  severity: z.enum(['deny', 'warn']).optional(),
  scope: z.enum(['everyone', 'makers']).optional(),
  place: z.literal('preview').optional(),
  match: z.union([z.literal('any'), z.array(kind).min(1)]),
  conditions: z.array(condition).min(1),
  examples: z.object({ good: z.string(), bad: z.string() }),
});

/**
 * A platform's own rules as a module exports them: plain data in the shape of `RuleSpec`, or results of `defineRule`.
 * Rules that an engine could not enforce are refused here, before the first preview.
 *
 * @param file for messages
 * @throws GreenroomError `invalid-input` with every problem
 */
export function ownRules(value: unknown, file: string): Rule[] {
  const result = z.array(ruleSpec).safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => {
      return { file, field: fieldName(['rules', ...(path as (string | number)[])]), message };
    });
    throw invalidInput(problems);
  }
  const rules = (value as RuleSpec[]).map(defineRule);
  const cel = createCelCompiler();
  const problems = rules.flatMap((rule) => problemsOf(rule, cel).map((problem) => ({ file, ...problem })));
  if (problems.length > 0) throw invalidInput(problems);
  return rules;
}

function problemsOf(rule: Rule, cel: CelCompiler): Problem[] {
  const taken = chosenRules().some(({ id }) => id === rule.id);
  return [
    ...(taken ? [{ field: rule.id, message: 'is the id of a rule of greenroom; choose another one' }] : []),
    ...inexpressible(rule, 'vap', cel),
    ...rule.conditions.flatMap(({ fix, found }) => [
      ...(typeof fix === 'object' ? textProblems(rule.id, 'fix', fix.set, cel) : []),
      ...(found === undefined ? [] : textProblems(rule.id, 'found', found, cel)),
    ]),
  ];
}

function textProblems(field: string, name: string, text: string, cel: CelCompiler): Problem[] {
  try {
    for (const expression of [...variablesOf(text).map((variable) => variable.expression), text]) {
      cel.compile(expression);
    }
    return [];
  } catch (error) {
    return [{ field, message: `its ${name} ${(error as Error).message.split('\n', 1)[0]}` }];
  }
}
