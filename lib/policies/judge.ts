import type { ObjectRef, Severity } from '../core/finding.ts';
import type { CelProgram, CelScope } from './cel.ts';
import { formatPath, itemPaths, parsePath, podPath, valueAt } from './paths.ts';
import { type Condition, conditionCel, type Rule, ruleMessage } from './rule.ts';
import { wrongType } from './shape.ts';
import { variablesOf } from './variables.ts';

/** One place in one object that a rule refuses. */
export interface Violation {
  readonly rule: string;
  readonly severity: Severity;
  /** The rule's sentence, the same in every engine; another one where the rule itself is at fault. */
  readonly message: string;
  /** Path inside the object, e.g. `spec.template.spec.containers[0].image`. */
  readonly field: string;
  readonly object: ObjectRef;
  /** The rule does not compile, or failed on this object: it refuses, and its author has to look. */
  readonly ruleAtFault?: true;
}

/** Adds what one rule has to say of one object. */
export type Judge = (scope: CelScope, object: ObjectRef, out: Violation[]) => void;

/** Compiles a CEL text, each one once. */
export type Compile = (text: string) => CelProgram;

/** A rule as a function. One that does not compile becomes a judge that refuses everything and names the rule. */
export function createJudge(rule: Rule, compile: Compile, contact: string): Judge {
  const base = { rule: rule.id, severity: rule.severity };
  const message = ruleMessage(rule, contact);
  const atFault = (error: unknown, object: ObjectRef): Violation => ({
    ...base,
    message: `The rule ${rule.id} itself is at fault, not this object: ${firstLine(error)}. Ask ${contact} to correct it.`,
    field: '',
    object,
    ruleAtFault: true,
  });
  let verdict: CelProgram;
  try {
    verdict = withVariables(rule.cel, compile);
  } catch (error) {
    return (_scope, object, out) => void out.push(atFault(error, object));
  }
  // What points at fields is compiled when first something is refused.
  let places: Place[] | undefined;
  return (scope, object, out) => {
    let error: unknown;
    try {
      const passes = verdict(scope);
      if (passes === true) return;
      if (passes !== false) error = new Error('its expression gives neither true nor false');
    } catch (thrown) {
      error = thrown;
    }
    if (error === undefined) {
      places ??= rule.conditions.map((condition) => createPlace(condition, compile));
      const fields = new Set(places.flatMap((place) => place(scope)));
      // A map where a list belongs has no items to point at.
      if (fields.size === 0) fields.add(wrongType(scope.object) ?? '');
      for (const field of fields) out.push({ ...base, message, field, object });
      return;
    }
    const field = wrongType(scope.object);
    out.push(field === undefined ? atFault(error, object) : { ...base, message, field, object });
  };
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0]!.replace(/\.$/, '');
}

/** Evaluates the shared variables that a text uses, each once an object, before the text itself. */
function withVariables(text: string, compile: Compile): CelProgram {
  const program = compile(text);
  const needed = variablesOf(text).map(({ name, expression }) => ({ name, evaluate: compile(expression) }));
  return (scope) => {
    const variables = scope.variables as Record<string, unknown>;
    for (const { name, evaluate } of needed) {
      if (!(name in variables)) setVariable(variables, name, () => evaluate(scope));
    }
    return program(scope);
  };
}

/** A variable that fails does so where it is read, as in every engine: `a || variables.b` may never read it. */
function setVariable(variables: Record<string, unknown>, name: string, evaluate: () => unknown): void {
  try {
    variables[name] = evaluate();
  } catch (error) {
    Object.defineProperty(variables, name, {
      enumerable: true,
      get() {
        throw error;
      },
    });
  }
}

/** Paths of the fields in which a condition does not hold. */
type Place = (scope: CelScope) => string[];

function createPlace(condition: Condition, compile: Compile): Place {
  const { over, cel, field } = condition;
  const fieldPath = parsePath(field);
  if (!over) {
    const holds = withVariables(conditionCel(condition), compile);
    return (scope) => (isTrue(holds, scope) ? [] : [formatPath([...root(scope.object, condition.in), ...fieldPath])]);
  }
  const holds = withVariables(cel, compile);
  return ({ object, ...scope }) =>
    itemPaths(object, over)
      .filter((path) => !isTrue(holds, { ...scope, object, it: valueAt(object, path) }))
      .map((path) => formatPath([...path, ...fieldPath]));
}

function root(object: unknown, within: Condition['in'] = 'object'): string[] {
  if (within === 'object') return [];
  return within === 'pod' ? podPath(object) : [...podPath(object), 'spec'];
}

function isTrue(program: CelProgram, scope: CelScope): boolean {
  try {
    return program(scope) === true;
  } catch {
    return false;
  }
}
