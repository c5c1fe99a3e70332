import { Environment } from '@marcbachmann/cel-js';
import { lintCel } from './cel-lint.ts';
import { Quantity } from './quantity.ts';

/** Longest CEL text of one rule, in characters. */
const MAX_CEL = 8192;

/** What an expression is evaluated over. Values come from {@link toCel}. */
export interface CelScope {
  readonly object: unknown;
  readonly params: unknown;
  readonly namespaceObject: unknown;
  readonly variables: unknown;
  /** The item of a list that is judged alone. */
  readonly it?: unknown;
}

export type CelProgram = (scope: CelScope) => unknown;

/** Compiles CEL texts to functions; the meaning is that of Kubernetes. */
export interface CelCompiler {
  /** @throws Error for a text that does not parse, has wrong types, or uses what not every engine has */
  compile(text: string): CelProgram;
}

export function celCompiler(): CelCompiler {
  const env = environment();
  return {
    compile(text) {
      if (text.length > MAX_CEL) throw new Error(`is longer than ${MAX_CEL} characters`);
      const program = env.parse(text);
      lintCel(program.ast);
      const { valid, error } = program.check();
      if (!valid) throw error ?? new Error('has wrong types');
      return program as unknown as CelProgram;
    },
  };
}

function environment(): Environment {
  const env = new Environment({
    enableOptionalTypes: true,
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: true,
    limits: { maxAstNodes: 2000, maxDepth: 64, maxListElements: 100, maxMapEntries: 100, maxCallArguments: 8 },
  });
  for (const name of ['object', 'params', 'namespaceObject', 'variables', 'it']) env.registerVariable(name, 'dyn');
  registerQuantity(env);
  return env;
}

/** Kubernetes' CEL library for quantities, as far as all engines agree on it. */
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
    .registerFunction('kubernetes.Quantity.sign(): int', (a: Quantity) => a.compareTo(new Quantity(0n)))
    .registerFunction('kubernetes.Quantity.asApproximateFloat(): double', (a: Quantity) => a.toNumber());
}

/** Most values that one object may hold, counting every map, list and scalar; the API server's 3 MiB hold fewer. */
const MAX_VALUES = 200_000;
/** Deepest nesting of an object that is judged. */
const MAX_DEPTH = 100;

/**
 * Plain JSON as CEL sees it in the API server: whole numbers are integers, and members that are null are not there.
 * Parts in which nothing has to change are shared with the input.
 *
 * @throws RangeError when it is too deep or holds too many values
 */
export function toCel(value: unknown): unknown {
  let left = MAX_VALUES;
  const convert = (x: unknown, depth: number): unknown => {
    if (typeof x === 'number') return Number.isInteger(x) ? BigInt(x) : x;
    if (typeof x !== 'object' || x === null) return x;
    if (depth > MAX_DEPTH) throw new RangeError(`is nested deeper than ${MAX_DEPTH}`);
    return Array.isArray(x) ? list(x, depth) : map(x as Record<string, unknown>, depth);
  };
  const count = (n: number): void => {
    left -= n;
    if (left < 0) throw new RangeError(`holds more than ${MAX_VALUES} values`);
  };
  const list = (items: readonly unknown[], depth: number): unknown => {
    count(items.length);
    let copy: unknown[] | undefined;
    for (let i = 0; i < items.length; i++) {
      const converted = convert(items[i], depth + 1);
      if (converted === items[i]) continue;
      copy ??= [...items];
      copy[i] = converted;
    }
    return copy ?? items;
  };
  const map = (members: Record<string, unknown>, depth: number): unknown => {
    const keys = Object.keys(members);
    count(keys.length);
    let copy: Record<string, unknown> | undefined;
    for (const key of keys) {
      const member = members[key];
      const converted = convert(member, depth + 1);
      if (converted === member && member !== null && member !== undefined) continue;
      // Spreading defines members, so that a key such as __proto__ stays plain data; assigning would not.
      copy ??= { ...members };
      if (converted === null || converted === undefined) delete copy[key];
      else Object.defineProperty(copy, key, { value: converted, enumerable: true, writable: true, configurable: true });
    }
    return copy ?? members;
  };
  return convert(value, 0);
}
