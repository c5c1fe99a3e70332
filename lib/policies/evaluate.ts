import type { ObjectRef, Severity } from '../core/finding.ts';
import { valueAt } from '../core/json.ts';
import { type CelProgram, type CelScope, fromCel } from './cel.ts';
import type { Edit } from './edit.ts';
import type { RuleParams } from './params.ts';
import { formatPath, itemPaths, parsePath, podPath } from './paths.ts';
import { type Condition, conditionCel, type Rule, ruleMessage } from './rule.ts';
import { type WrongType, wrongType } from './shape.ts';

/** One field of one object that a rule refuses. */
export interface Violation {
  readonly rule: string;
  readonly severity: Severity;
  /** The rule's message, the same in every engine; another message if the rule itself is wrong. */
  readonly message: string;
  /** Path inside the object, e.g. `spec.template.spec.containers[0].image`. */
  readonly field: string;
  readonly object: ObjectRef;
  /** Name of the field's container. */
  readonly container?: string;
  /** What was found, if it may be shown. */
  readonly found?: string;
  /** The edit that makes this field pass, if there is only one. */
  readonly edit?: Edit;
  /**
   * The rule does not compile, or it failed on this object. It refuses the object, and the rule's author must correct
   * it.
   */
  readonly ruleAtFault?: true;
}

/** Adds the violations of one rule for one object. */
export type RuleEvaluator = (scope: CelScope, object: ObjectRef, out: Violation[]) => void;

/** Compiles CEL texts, each one once. */
export type Compile = (text: string) => CelProgram;

/** A rule as a function. A rule that does not compile refuses everything and names itself. */
export function createEvaluator(
  rule: Rule,
  compile: Compile,
  { contact, params }: { readonly contact: string; readonly params: RuleParams },
): RuleEvaluator {
  const base = { rule: rule.id, severity: rule.severity };
  const message = ruleMessage(rule, contact, params);
  const atFault = (error: unknown, object: ObjectRef): Violation => ({
    ...base,
    message: `The rule ${rule.id} itself is wrong, not this object: ${firstLine(error)}. Ask ${contact} to correct it.`,
    field: '',
    object,
    ruleAtFault: true,
  });
  let verdict: CelProgram;
  try {
    verdict = compile(rule.cel);
  } catch (error) {
    return (_scope, object, out) => void out.push(atFault(error, object));
  }
  // The conditions that locate fields are compiled only when something is refused.
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
      const found = new Map(places.flatMap((place) => place(scope)).map((spot) => [spot.field, spot]));
      // A map in place of a list has no items to report.
      if (found.size === 0) found.set('', { field: wrongType(scope.object)?.field ?? '' });
      for (const spot of found.values()) out.push({ ...base, message, ...spot, object });
      return;
    }
    const wrong = wrongType(scope.object);
    if (wrong === undefined) out.push(atFault(error, object));
    else out.push({ ...base, message: unreadable(wrong, contact), field: wrong.field, object });
  };
}

/** An API server would refuse such an object too, but with a message that makers do not understand. */
function unreadable({ field, wanted }: WrongType, contact: string): string {
  return `The field ${field} must be ${wanted}, so this object cannot be checked: correct it, or ask ${contact}.`;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0]!.replace(/\.$/, '');
}

/** A field for which a condition is false, and the edit that would fix it. */
type Spot = Pick<Violation, 'field' | 'edit' | 'container' | 'found'>;

type Place = (scope: CelScope) => Spot[];

function createPlace(condition: Condition, compile: Compile): Place {
  const own = createOwnPlace(condition, compile);
  if (condition.places === undefined) return own;
  const places = condition.places.map((place) => createPlace(place, compile));
  return (scope) => {
    const found = own(scope);
    if (found.length === 0) return [];
    const nearer = places.flatMap((place) => place(scope));
    return nearer.length > 0 ? nearer : found;
  };
}

function createOwnPlace(condition: Condition, compile: Compile): Place {
  const { over, cel, field } = condition;
  const fieldPath = parsePath(field);
  const toEdit = createEdit(condition, compile);
  const toFound = createFound(condition, compile);
  const spot = (base: readonly (string | number)[], scope: CelScope): Spot => {
    const path = [...base, ...fieldPath];
    return {
      field: formatPath(path),
      ...containerAt(path, scope.object),
      ...toFound(scope),
      ...toEdit(path, scope),
    };
  };
  const holds = compile(over ? cel : conditionCel(condition));
  if (!over) {
    return (scope) => (isTrue(holds, scope) ? [] : [spot(root(scope.object, condition.in), scope)]);
  }
  return (scope) =>
    itemPaths(scope.object, over)
      .map((path) => ({ path, own: { ...scope, it: valueAt(scope.object, path) } }))
      .filter(({ own }) => !isTrue(holds, own))
      .map(({ path, own }) => spot(path, own));
}

function createEdit(
  { fix }: Condition,
  compile: Compile,
): (path: readonly (string | number)[], scope: CelScope) => { edit?: Edit } {
  if (fix === undefined) return () => ({});
  if (fix === 'remove') return (path) => ({ edit: { path } });
  const value = compile(fix.set);
  return (path, scope) => {
    try {
      return { edit: { path, value: fromCel(value(scope)) } };
    } catch {
      return {}; // The new value is unknown here, e.g. the host without a namespace.
    }
  };
}

/** What a condition found; long text is cut. */
function createFound({ found }: Condition, compile: Compile): (scope: CelScope) => { found?: string } {
  if (found === undefined) return () => ({});
  const program = compile(found);
  return (scope) => {
    try {
      const text = program(scope);
      return typeof text === 'string' && text !== '' ? { found: shortened(text) } : {};
    } catch {
      return {}; // It has another type than the rule expects, or is missing.
    }
  };
}

const MAX_FOUND = 200;

function shortened(text: string): string {
  const plain = text.replaceAll(/[\p{C}\s]+/gu, ' ');
  return plain.length > MAX_FOUND ? `${plain.slice(0, MAX_FOUND)}...` : plain;
}

/** The name of the container on a path. */
function containerAt(path: readonly (string | number)[], object: unknown): { container?: string } {
  const at = path.findIndex(
    (key, i) => /^(c|initC|ephemeralC)ontainers$/.test(`${key}`) && typeof path[i + 1] === 'number',
  );
  const name = at === -1 ? undefined : valueAt(object, [...path.slice(0, at + 2), 'name']);
  return typeof name === 'string' ? { container: shortened(name) } : {};
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
