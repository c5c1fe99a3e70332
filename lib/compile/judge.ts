import type { Position } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import type { Finding } from '../core/finding.ts';
import type { Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { type Checker, createChecker, type Violation } from '../policies/check.ts';
import { applyExceptions, loadExceptions, reviewExceptions } from '../policies/exceptions.ts';
import { ruleParams } from '../policies/params.ts';
import { parsePath } from '../policies/paths.ts';
import { RULES } from '../policies/rules/index.ts';
import type { Manifest } from './files.ts';
import type { MakerManifest } from './manifests.ts';
import { originOf } from './origin.ts';

/** What a preview would write with the app's account, before it is written. */
export interface Case {
  readonly name: string;
  /** `owner/name` */
  readonly repository: string;
  readonly preview: Loaded<Preview>;
  readonly generated: readonly Manifest[];
  readonly makers: readonly MakerManifest[];
  readonly namespaceObject: Manifest | undefined;
}

export interface JudgeOptions {
  readonly platform: PlatformSpec;
  /** Text of `exceptions/*.yaml` by path; one that does not hold lifts nothing. @default - none */
  readonly exceptions?: FileSet | undefined;
  /** Unix seconds at which exceptions are judged. */
  readonly now: number;
}

export type Judge = (candidate: Case) => Finding[];

/**
 * Prepares the rules of a platform once. A finding in a generated object points into the maker's `preview.yaml`; one in
 * a manifest of the maker's own points to its own line.
 */
export function createJudge({ platform, exceptions = new Map(), now }: JudgeOptions): Judge {
  const { severities, contact } = platform.policies;
  const checker = createChecker({ params: ruleParams(platform), severities, contact });
  const rules = new Set(RULES.map((rule) => rule.id));
  const { honoured } = reviewExceptions(loadExceptions(exceptions).exceptions, { now, rules });
  const judge: Judge = ({ preview, generated, makers, namespaceObject }) => [
    ...generated.flatMap((object) =>
      findings(checker, object, namespaceObject, ({ field }) => originOf(preview, object, field)),
    ),
    ...makers.flatMap(({ object, positions }) =>
      findings(checker, object, namespaceObject, ({ field }) => positions.of(parsePath(field))),
    ),
  ];
  return (candidate) => applyExceptions(judge(candidate), candidate, honoured);
}

function findings(
  checker: Checker,
  object: Manifest,
  namespaceObject: Manifest | undefined,
  placeOf: (violation: Violation) => Position,
): Finding[] {
  return checker.check(object, { namespaceObject }).map((violation) => {
    const { rule, severity, message, field, object: ref } = violation;
    return { rule, severity, message, ...placeOf(violation), object: ref, field };
  });
}
