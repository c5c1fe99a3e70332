import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { RuleParams } from '../../lib/policies/params.ts';
import { PARAMS } from './support.ts';

/** One object and what its rule has to say of it: a folder `cases/<rule>/<name>/`. */
export interface RuleCase {
  readonly rule: string;
  readonly name: string;
  /** object.yaml */
  readonly object: Record<string, unknown>;
  /** params.yaml over {@link PARAMS}. */
  readonly params: RuleParams;
  readonly expect: Expectation;
}

/** expect.yaml */
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

/** Every folder that there is; nothing has to be registered. */
export function listCases(): RuleCase[] {
  return folders(ROOT).flatMap((rule) => folders(join(ROOT, rule)).map((name) => readCase(rule, name)));
}

function folders(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

function readCase(rule: string, name: string): RuleCase {
  const folder = join(ROOT, rule, name);
  const files = readdirSync(folder);
  const read = (file: string): unknown => parse(readFileSync(join(folder, file), 'utf8'));
  return {
    rule,
    name,
    object: read('object.yaml') as Record<string, unknown>,
    params: files.includes('params.yaml') ? { ...PARAMS, ...(read('params.yaml') as Partial<RuleParams>) } : PARAMS,
    expect: read('expect.yaml') as Expectation,
  };
}
