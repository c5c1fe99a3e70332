import type { ObjectRef, Severity } from '../core/finding.ts';
import { type CelProgram, type CelScope, fromCel } from './cel.ts';
import type { Edit } from './edit.ts';
import type { RuleParams } from './params.ts';
import { formatPath, itemPaths, parsePath, podPath, valueAt } from './paths.ts';
import { type Condition, conditionCel, type Rule, ruleMessage } from './rule.ts';
import { type WrongType, wrongType } from './shape.ts';

/** One place in one object that a rule refuses. */
export interface Violation {
  readonly rule: string;
  readonly severity: Severity;
  /** The rule's sentence, the same in every engine; another one where the rule itself is at fault. */
  readonly message: string;
  /** Path inside the object, e.g. `spec.template.spec.containers[0].image`. */
  readonly field: string;
  readonly object: ObjectRef;
  /** Name of the container that the field belongs to. */
  readonly container?: string;
  /** What stands there, where it can be told. */
  readonly found?: string;
  /** What makes this place pass, where there is only one thing to do. */
  readonly edit?: Edit;
  /** The rule does not compile, or failed on this object: it refuses, and its author has to look. */
  readonly ruleAtFault?: true;
}

/** Adds what one rule has to say of one object. */
export type RuleEvaluator = (scope: CelScope, object: ObjectRef, out: Violation[]) => void;

/** Compiles a CEL text, each one once. */
export type Compile = (text: string) => CelProgram;

/** A rule as a function. One that does not compile becomes one that refuses everything and names the rule. */
export function createEvaluator(
  rule: Rule,
  compile: Compile,
  { contact, params }: { readonly contact: string; readonly params: RuleParams },
): RuleEvaluator {
  const base = { rule: rule.id, severity: rule.severity };
  const message = ruleMessage(rule, contact, params);
  const atFault = (error: unknown, object: ObjectRef): Violation => ({
    ...base,
    message: `The rule ${rule.id} itself is at fault, not this object: ${firstLine(error)}. Ask ${contact} to correct it.`,
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
      const found = new Map(places.flatMap((place) => place(scope)).map((spot) => [spot.field, spot]));
      // A map where a list belongs has no items to point at.
      if (found.size === 0) found.set('', { field: wrongType(scope.object)?.field ?? '' });
      for (const spot of found.values()) out.push({ ...base, message, ...spot, object });
      return;
    }
    const wrong = wrongType(scope.object);
    if (wrong === undefined) out.push(atFault(error, object));
    else out.push({ ...base, message: unreadable(wrong, contact), field: wrong.field, object });
  };
}

/** An API server would refuse such an object as well, but with words that no maker knows. */
function unreadable({ field, wanted }: WrongType, contact: string): string {
  return `The field ${field} has to be ${wanted}, so that this object cannot be checked: correct it, or ask ${contact}.`;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0]!.replace(/\.$/, '');
}

/** A field that a condition does not hold for, and what would make it. */
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
      return {}; // What it would be set to cannot be told here, e.g. the host without a namespace.
    }
  };
}

/** What a condition says was found; a text too long for a sentence is cut. */
function createFound({ found }: Condition, compile: Compile): (scope: CelScope) => { found?: string } {
  if (found === undefined) return () => ({});
  const program = compile(found);
  return (scope) => {
    try {
      const text = program(scope);
      return typeof text === 'string' && text !== '' ? { found: shortened(text) } : {};
    } catch {
      return {}; // Of another type than the rule reads, or not there.
    }
  };
}

const MAX_FOUND = 200;

function shortened(text: string): string {
  const plain = text.replaceAll(/[\p{C}\s]+/gu, ' ');
  return plain.length > MAX_FOUND ? `${plain.slice(0, MAX_FOUND)}...` : plain;
}

/** The name of the container that a path leads into. */
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
