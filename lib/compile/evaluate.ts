import type { FileSet } from '../core/fileset.ts';
import type { Finding } from '../core/finding.ts';
import type { JsonRecord } from '../core/json.ts';
import type { Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import type { CelCompiler } from '../policies/cel.ts';
import { type Checker, createChecker } from '../policies/check.ts';
import { checkText } from '../policies/check-text.ts';
import { applyExceptions, loadExceptions } from '../policies/exceptions.ts';
import { ruleParams } from '../policies/params.ts';
import type { Rule } from '../policies/rule.ts';
import { chosenRules } from '../policies/rule-set.ts';
import type { Manifest } from './files.ts';
import { originOf, type Source } from './origin.ts';
import type { ResolvedApp } from './resolve.ts';

/** What a preview would write with the app's account, before it is written. */
export interface Case {
  readonly name: string;
  /** `owner/name` */
  readonly repository: string;
  readonly preview: Loaded<Preview>;
  readonly apps: readonly ResolvedApp[];
  readonly generated: readonly Manifest[];
  /** Text of the maker's own manifests by path. */
  readonly manifests: FileSet;
  /** What becomes of an object of theirs before it is committed. */
  readonly committed: (object: JsonRecord) => unknown;
  readonly namespaceObject: Manifest | undefined;
}

export interface EvaluatorOptions {
  readonly platform: PlatformSpec;
  /** Text of `exceptions/*.yaml` by path; one that does not hold has no effect. @default - none */
  readonly exceptions?: FileSet | undefined;
  /** Unix seconds at which exceptions are reviewed. */
  readonly now: number;
  /** Rules of the platform's own, beside greenroom's. @default - none */
  readonly extraRules?: readonly Rule[] | undefined;
  /** What is compiled already. @default - nothing */
  readonly cel?: CelCompiler | undefined;
}

export type Evaluate = (candidate: Case) => Finding[];

/**
 * Prepares the rules of a platform once. A finding in a generated object points into the maker's `preview.yaml`; one in
 * a manifest of the maker's own points to its own line.
 */
export function createEvaluate(options: EvaluatorOptions): Evaluate {
  const { platform, exceptions = new Map(), now, extraRules, cel } = options;
  const { severities, contact } = platform.policies;
  const checker = createChecker({ params: ruleParams(platform), severities, contact, extraRules, cel });
  const { honoured } = loadExceptions(exceptions, { now, rules: chosenRules({ extraRules }) });
  const evaluate: Evaluate = ({ preview, apps, generated, manifests, committed, namespaceObject }) => [
    ...generated.flatMap((object) => generatedFindings(checker, { preview, apps }, object, namespaceObject)),
    ...[...manifests].flatMap(
      ([file, text]) => checkText(checker, text, { file, namespaceObject, committed }).findings,
    ),
  ];
  return (candidate) => applyExceptions(evaluate(candidate), candidate, honoured);
}

function generatedFindings(
  checker: Checker,
  source: Source,
  object: Manifest,
  namespaceObject: Manifest | undefined,
): Finding[] {
  return checker.check(object, { namespaceObject }).map(({ rule, severity, message, field, object: ref }) => {
    return { rule, severity, message, ...originOf(source, object, field), object: ref, field };
  });
}
