import { invalidInput } from '../core/errors.ts';
import type { Severity } from '../core/finding.ts';
import type { RuleParams } from './params.ts';
import type { Rule } from './rule.ts';
import { COMMIT_RULES, RULES } from './rules/index.ts';

/** Which rules to use. */
export interface RuleChoice {
  /** Rules in addition to greenroom's own. @default - none */
  readonly extraRules?: readonly Rule[] | undefined;
  /** Rules that replace all others, including greenroom's own. @default - not replaced */
  readonly onlyRules?: readonly Rule[] | undefined;
}

/** The rules of a choice, in the order in which findings are listed. */
export function chosenRules({ extraRules = [], onlyRules }: RuleChoice = {}): readonly Rule[] {
  return onlyRules ?? [...RULES, ...COMMIT_RULES, ...extraRules];
}

/** Severities by rule id. A rule that is not listed keeps its own; `off` turns it off. */
export type Severities = Readonly<Record<string, Severity | 'off'>>;

export interface ActivationOptions {
  readonly params: RuleParams;
  /** @default - each rule's own severity */
  readonly severities?: Severities | undefined;
}

/**
 * The active rules, each with its severity: not turned off, and needed with the platform's parameters.
 *
 * @throws GreenroomError `invalid-input` for a severity of an unknown rule, or two rules with the same id
 */
export function activeRules(rules: readonly Rule[], { params, severities = {} }: ActivationOptions): Rule[] {
  const ids = new Set(rules.map((rule) => rule.id));
  if (ids.size < rules.length) {
    const twice = rules.find((rule, i) => rules.findIndex((other) => other.id === rule.id) !== i);
    throw invalidInput([{ message: `two rules have the id ${twice?.id}` }]);
  }
  const unknown = Object.keys(severities).filter((id) => !ids.has(id));
  if (unknown.length > 0) {
    const message = 'is not the id of a rule';
    throw invalidInput(unknown.map((id) => ({ field: `policies.severities.${id}`, message })));
  }
  const fixed = rules.filter((rule) => rule.always === true && Object.hasOwn(severities, rule.id));
  if (fixed.length > 0) {
    const message = 'cannot be changed: other controls depend on this rule';
    throw invalidInput(fixed.map(({ id }) => ({ field: `policies.severities.${id}`, message })));
  }
  return rules.flatMap((rule) => {
    const severity = Object.hasOwn(severities, rule.id) ? severities[rule.id] : rule.severity;
    if (severity === 'off' || severity === undefined || rule.active?.(params) === false) return [];
    return [severity === rule.severity ? rule : { ...rule, severity }];
  });
}
