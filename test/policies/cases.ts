import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import type { RuleParams } from '../../lib/policies/params.ts';
import { PARAMS } from './support.ts';

/** One object and what its rule has to say of it: the file `cases/<rule>/<name>.yaml`. */
export interface RuleCase {
  readonly rule: string;
  readonly name: string;
  readonly object: Record<string, unknown>;
  /** What the file says under `params`, over {@link PARAMS}. */
  readonly params: RuleParams;
  readonly expect: Expectation;
}

/** What a case's file says under `expect`. */
export interface Expectation {
  readonly verdict: 'allow' | 'deny';
  /** What is special about the case. */
  readonly why: string;
  /** Fields that are pointed at, in order. @default - not looked at */
  readonly fields?: readonly string[];
  /** A typed API server refuses the object before any policy sees it. */
  readonly schemaInvalid?: true;
  /** Why no admission engine can be asked: the situation does not exist there. */
  readonly inProcessOnly?: string;
  /** An API server takes the object through this subresource only. */
  readonly subresource?: string;
}

/** The namespace that every case is judged in. */
export const CASE_NAMESPACE = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name: 'pr-shop-7',
    labels: { 'greenroom.dev/preview': 'pr-shop-7' },
    annotations: { 'greenroom.dev/repository': 'acme/shop' },
  },
};

const ROOT = join(import.meta.dirname, 'cases');

/** Every file that there is; nothing has to be registered. */
export function listCases(): RuleCase[] {
  return readdirSync(ROOT)
    .sort()
    .flatMap((rule) => names(rule).map((name) => readCase(rule, name)));
}

function names(rule: string): string[] {
  return readdirSync(join(ROOT, rule))
    .map((file) => basename(file, '.yaml'))
    .sort();
}

function readCase(rule: string, name: string): RuleCase {
  const path = join(ROOT, rule, `${name}.yaml`);
  const file = parse(readFileSync(path, 'utf8')) as Pick<RuleCase, 'expect' | 'object'> & {
    params?: Partial<RuleParams>;
  };
  const { expect, object, params, ...rest } = file;
  // A misspelled `params` would leave the case to the default ones, where it may well hold for another reason.
  if (Object.keys(rest).length > 0) throw new Error(`${path}: expect, object and params are all it may hold`);
  if (!['allow', 'deny'].includes(expect?.verdict)) throw new Error(`${path}: expect.verdict has to be allow or deny`);
  return { rule, name, object, params: { ...PARAMS, ...params }, expect };
}
