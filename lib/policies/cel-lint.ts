import type { ASTNode } from '@marcbachmann/cel-js';

/**
 * Functions that Kubernetes 1.30 and later, Kyverno, Gatekeeper and the in-process evaluator all have, with the same
 * meaning.
 */
const FUNCTIONS = new Set([
  ...['has', 'size', 'all', 'exists', 'exists_one', 'filter', 'map', 'type', 'dyn', 'string', 'int', 'double', 'bool'],
  ...['contains', 'startsWith', 'endsWith', 'matches', 'split', 'join'],
  ...['orValue', 'hasValue', 'value'],
  ...['quantity', 'isQuantity', 'compareTo', 'isGreaterThan', 'isLessThan', 'asApproximateFloat'],
]);

const COMPREHENSIONS = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);
/** Maximum number of nested comprehensions. Each level multiplies the cost by the length of a list. */
const MAX_COMPREHENSIONS = 3;

/**
 * Refuses expressions that would have another meaning, or none, in one of the engines.
 *
 * @throws Error that names the problem
 */
export function lintCel(ast: ASTNode): void {
  visit(ast, 0);
}

function visit(node: unknown, loops: number): void {
  if (Array.isArray(node)) {
    for (const part of node) visit(part, loops);
    return;
  }
  if (typeof node !== 'object' || node === null || !('op' in node)) return;
  const { op, args } = node as { op: string; args: unknown };
  if (op !== 'call' && op !== 'rcall') {
    visit(args, loops);
    return;
  }
  const [name, receiver, parameters] = op === 'rcall' ? (args as [string, unknown, unknown[]]) : callParts(args);
  if (!FUNCTIONS.has(name)) throw new Error(`uses ${name}(), which not every engine has`);
  if (name === 'matches') lintPattern(parameters.at(-1));
  const inside = COMPREHENSIONS.has(name) ? loops + 1 : loops;
  if (inside > MAX_COMPREHENSIONS) throw new Error(`nests more than ${MAX_COMPREHENSIONS} comprehensions`);
  visit(receiver, loops);
  visit(parameters, inside);
}

function callParts(args: unknown): [string, undefined, unknown[]] {
  const [name, parameters] = args as [string, unknown[]];
  return [name, undefined, parameters];
}

/**
 * Syntax that RE2 and JavaScript treat differently, or that one of them refuses: look-around, back references, named
 * classes.
 */
const UNPORTABLE = /\(\?(?!:)|\\(?![nrt\\.^$|?*+()[\]{}/dwbDWB-])|\[\[?:|\[\^?\]|\[[^\]]*&&/;

function lintPattern(node: unknown): void {
  const { op, args } = node as { op: string; args: unknown };
  if (op !== 'value' || typeof args !== 'string') throw new Error('matches() needs a literal pattern');
  if (args.length > 500 || UNPORTABLE.test(args)) {
    throw new Error(`the pattern ${args} uses features that RE2 and JavaScript do not share`);
  }
}
