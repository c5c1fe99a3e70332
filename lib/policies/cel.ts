import { Environment } from '@marcbachmann/cel-js';
import { lintCel } from './cel-lint.ts';
import { Quantity } from './quantity.ts';
import { variablesOf } from './variables.ts';

/** Maximum length of one rule's CEL text, in characters. */
const MAX_CEL = 16_384;

/** Variables of an expression. Values come from {@link toCel}. */
export interface CelScope {
  readonly object: unknown;
  readonly params: unknown;
  readonly namespaceObject: unknown;
  /** The object before an update; null on creation, and before commit. */
  readonly oldObject: unknown;
  readonly variables: unknown;
  /** The current list item, if items are evaluated one by one. */
  readonly it?: unknown;
}

export type CelProgram = (scope: CelScope) => unknown;

/**
 * Compiles CEL texts to functions, each text once, with the semantics of Kubernetes. A function first evaluates the
 * shared variables that its text uses, each once per object.
 */
export interface CelCompiler {
  /** @throws Error if a text does not parse, has wrong types, or uses something that not every engine has */
  compile(text: string): CelProgram;
}

/** Maximum number of cached programs: a platform's own rules could come and go in a process that runs for months. */
const MAX_KNOWN = 5000;

/**
 * A program is a pure function of its text. A process that creates many checkers should share one compiler: a sync
 * creates a checker for every head of the apps repo that it sees.
 */
export function createCelCompiler(): CelCompiler {
  let env: Environment | undefined;
  const known = new Map<string, CelProgram>();
  const compile = (text: string): CelProgram => {
    const before = known.get(text);
    if (before) return before;
    if (text.length > MAX_CEL) throw new Error(`is longer than ${MAX_CEL} characters`);
    env ??= environment();
    const parsed = env.parse(text);
    lintCel(parsed.ast);
    const { valid, error } = parsed.check();
    if (!valid) throw error ?? new Error('has wrong types');
    const program = withVariables(parsed, text, compile);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(text, program);
    return program;
  };
  return { compile };
}

/** Evaluates the shared variables that a text uses, each once per object, before the text itself. */
function withVariables(program: CelProgram, text: string, compile: (text: string) => CelProgram): CelProgram {
  const needed = variablesOf(text).map(({ name, expression }) => ({ name, evaluate: compile(expression) }));
  if (needed.length === 0) return program;
  return (scope) => {
    const variables = scope.variables as Record<string, unknown>;
    for (const { name, evaluate } of needed) {
      if (!(name in variables)) setVariable(variables, name, () => evaluate(scope));
    }
    return program(scope);
  };
}

/** A variable that fails throws only when it is read, as in every engine: `a || variables.b` may never read it. */
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

function environment(): Environment {
  const env = new Environment({
    enableOptionalTypes: true,
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: true,
    limits: { maxAstNodes: 2000, maxDepth: 64, maxListElements: 100, maxMapEntries: 100, maxCallArguments: 8 },
  });
  for (const name of ['object', 'oldObject', 'params', 'namespaceObject', 'variables', 'it'])
    env.registerVariable(name, 'dyn');
  registerQuantity(env);
  return env;
}

/** Kubernetes' CEL library for quantities, as far as all engines agree. */
function registerQuantity(env: Environment): void {
  const parse = (text: string): Quantity => {
    const quantity = Quantity.parse(text);
    if (!quantity) throw new Error(`${JSON.stringify(text.slice(0, 40))} is not a quantity`);
    return quantity;
  };
  env
    .registerType('kubernetes.Quantity', { ctor: Quantity, fields: {} })
    .registerFunction('quantity(string): kubernetes.Quantity', parse)
    .registerFunction('isQuantity(string): bool', (text: string) => Quantity.parse(text) !== undefined)
    .registerFunction('kubernetes.Quantity.compareTo(kubernetes.Quantity): int', (a: Quantity, b: Quantity) =>
      a.compareTo(b),
    )
    .registerFunction(
      'kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool',
      (a: Quantity, b: Quantity) => a.nano > b.nano,
    )
    .registerFunction(
      'kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool',
      (a: Quantity, b: Quantity) => a.nano < b.nano,
    )
    .registerFunction('kubernetes.Quantity.asApproximateFloat(): double', (a: Quantity) => a.toNumber());
}

/** Maximum number of values in one object, counting every map, list and scalar. The API server's 3 MiB hold fewer. */
const MAX_VALUES = 200_000;
/** Maximum nesting depth of an object. */
const MAX_DEPTH = 100;

/**
 * Plain JSON as CEL sees it in the API server: whole numbers are integers, and null members are missing. Unchanged
 * parts are shared with the input.
 *
 * @throws RangeError if it is too deep or has too many values
 */
export function toCel(value: unknown): unknown {
  return convert(value, 0, { left: MAX_VALUES });
}

/** The inverse of {@link toCel}: integers become numbers again. */
export function fromCel(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(fromCel);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fromCel(member)]));
}

/** Number of values that are still allowed. */
interface Budget {
  left: number;
}

function convert(value: unknown, depth: number, budget: Budget): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) throw new RangeError(`is nested deeper than ${MAX_DEPTH}`);
  return Array.isArray(value)
    ? convertList(value, depth + 1, budget)
    : convertMap(value as Record<string, unknown>, depth + 1, budget);
}

function spend(budget: Budget, values: number): void {
  budget.left -= values;
  if (budget.left < 0) throw new RangeError(`contains more than ${MAX_VALUES} values`);
}

function convertList(items: readonly unknown[], depth: number, budget: Budget): unknown {
  spend(budget, items.length);
  let copy: unknown[] | undefined;
  for (let i = 0; i < items.length; i++) {
    const converted = convert(items[i], depth, budget);
    if (converted === items[i]) continue;
    copy ??= [...items];
    copy[i] = converted;
  }
  return copy ?? items;
}

function convertMap(members: Record<string, unknown>, depth: number, budget: Budget): unknown {
  const keys = Object.keys(members);
  spend(budget, keys.length);
  let copy: Record<string, unknown> | undefined;
  for (const key of keys) {
    const member = members[key];
    const converted = convert(member, depth, budget);
    if (converted === member && member !== null && member !== undefined) continue;
    // Spread and defineProperty keep a key such as __proto__ as plain data; an assignment would not.
    copy ??= { ...members };
    if (converted === null || converted === undefined) delete copy[key];
    else if (key !== '__proto__') copy[key] = converted;
    else Object.defineProperty(copy, key, { value: converted, enumerable: true, writable: true, configurable: true });
  }
  return copy ?? members;
}
