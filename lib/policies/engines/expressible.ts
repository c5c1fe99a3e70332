import type { Problem } from '../../core/errors.ts';
import type { Engine } from '../../model/platform.ts';
import type { CelCompiler } from '../cel.ts';
import type { Rule } from '../rule.ts';
import { variablesOf } from '../variables.ts';

/** Longest id with which the name of a policy, with its prefix, is still a valid label. */
const RULE_ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const MAX_RULE_ID = 50;

/**
 * Why an engine could not enforce a rule. All four evaluate Kubernetes' own CEL, and the in-process compiler accepts
 * only what that and the evaluator here have in common.
 */
export function inexpressible(rule: Rule, engine: Engine, cel: CelCompiler): Problem[] {
  const reasons: string[] = [];
  for (const { expression } of [...variablesOf(rule.cel), { expression: rule.cel }]) {
    try {
      cel.compile(expression);
    } catch (error) {
      reasons.push(`its CEL ${(error as Error).message.split('\n', 1)[0]}`);
    }
  }
  if (rule.id.length > MAX_RULE_ID || !RULE_ID.test(rule.id)) reasons.push('its id cannot be part of an object name');
  if (rule.match !== 'any' && rule.match.length === 0) reasons.push('it matches no kind');
  if (/[\r\n]/.test(rule.message) || rule.message.trim() === '') reasons.push('its message is not one line of text');
  return reasons.map((reason) => ({ field: rule.id, message: `cannot be written for ${engine}: ${reason}` }));
}
