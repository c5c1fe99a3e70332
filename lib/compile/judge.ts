import type { FileSet } from '../core/fileset.ts';
import type { Finding } from '../core/finding.ts';
import type { Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { type Checker, createChecker } from '../policies/check.ts';
import { checkText } from '../policies/check-text.ts';
import { applyExceptions, readExceptions } from '../policies/exceptions.ts';
import { ruleParams } from '../policies/params.ts';
import type { Rule } from '../policies/rule.ts';
import { RULES } from '../policies/rules/index.ts';
import type { Manifest } from './files.ts';
import { originOf } from './origin.ts';

/** What a preview would write with the app's account, before it is written. */
export interface Case {
  readonly name: string;
  /** `owner/name` */
  readonly repository: string;
  readonly preview: Loaded<Preview>;
  readonly generated: readonly Manifest[];
  /** Text of the maker's own manifests by path. */
  readonly manifests: FileSet;
  readonly namespaceObject: Manifest | undefined;
}

export interface JudgeOptions {
  readonly platform: PlatformSpec;
  /** Text of `exceptions/*.yaml` by path; one that does not hold lifts nothing. @default - none */
  readonly exceptions?: FileSet | undefined;
  /** Unix seconds at which exceptions are judged. */
  readonly now: number;
  /** Beside greenroom's own. @default - none */
  readonly rules?: readonly Rule[] | undefined;
}

export type Judge = (candidate: Case) => Finding[];

/**
 * Prepares the rules of a platform once. A finding in a generated object points into the maker's `preview.yaml`; one in
 * a manifest of the maker's own points to its own line.
 */
export function createJudge({ platform, exceptions = new Map(), now, rules: own = [] }: JudgeOptions): Judge {
  const { severities, contact } = platform.policies;
  const checker = createChecker({ params: ruleParams(platform), severities, contact, rules: [...RULES, ...own] });
  const { honoured } = readExceptions(exceptions, { now, platform, rules: [...RULES, ...own] });
  const judge: Judge = ({ preview, generated, manifests, namespaceObject }) => [
    ...generated.flatMap((object) => generatedFindings(checker, preview, object, namespaceObject)),
    ...[...manifests].flatMap(([file, text]) => checkText(checker, text, { file, namespaceObject }).findings),
  ];
  return (candidate) => applyExceptions(judge(candidate), candidate, honoured);
}

function generatedFindings(
  checker: Checker,
  preview: Loaded<Preview>,
  object: Manifest,
  namespaceObject: Manifest | undefined,
): Finding[] {
  return checker.check(object, { namespaceObject }).map(({ rule, severity, message, field, object: ref }) => {
    return { rule, severity, message, ...originOf(preview, object, field), object: ref, field };
  });
}
