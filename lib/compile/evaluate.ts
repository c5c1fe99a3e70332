import type { FileSet } from '../core/fileset.ts';
import type { Finding } from '../core/finding.ts';
import type { JsonRecord } from '../core/json.ts';
import type { FieldPath, Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { type CelCompiler, createCelCompiler } from '../policies/cel.ts';
import { checkText } from '../policies/check-text.ts';
import { type Checker, createChecker } from '../policies/checker.ts';
import { applyExceptions, loadExceptions } from '../policies/exceptions.ts';
import { makerParams, ruleParams } from '../policies/params.ts';
import { formatPath } from '../policies/paths.ts';
import type { Rule } from '../policies/rule.ts';
import { chosenRules } from '../policies/rule-set.ts';
import { noDanglingReferences } from '../policies/rules/no-dangling-references.ts';
import { reservedKeys } from '../policies/rules/reserved-keys.ts';
import { danglingReferences, type Placed } from './dangling.ts';
import type { Manifest } from './files.ts';
import type { MakerManifest } from './manifests.ts';
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
  /** The objects of those texts, as they are committed. */
  readonly makers: readonly MakerManifest[];
  /** What the platform's side writes. */
  readonly fence: readonly Manifest[];
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
  const params = ruleParams(platform);
  const shared = { severities, contact, extraRules, cel: cel ?? createCelCompiler() };
  const generator = createChecker({ params, ...shared });
  const maker = createChecker({ params: makerParams(params), ...shared });
  // Keys are looked at in what the maker wrote: what the compiler notes at it is not theirs.
  const keys = createChecker({ params: makerParams(params), contact, onlyRules: [reservedKeys], cel: shared.cel });
  const { honoured } = loadExceptions(exceptions, { now, platform, rules: chosenRules({ extraRules }) });
  const each: Evaluate = ({ preview, apps, generated, manifests, committed, namespaceObject }) => [
    ...generated.flatMap((object) => generatedFindings(generator, { preview, apps }, object, namespaceObject)),
    ...[...manifests].flatMap(([file, text]) => [
      ...checkText(keys, text, { file, namespaceObject }).findings,
      ...checkText(maker, text, { file, namespaceObject, committed }).findings.filter(
        ({ rule }) => rule !== reservedKeys.id,
      ),
    ]),
  ];
  const severity = severities[noDanglingReferences.id] ?? noDanglingReferences.severity;
  return (candidate) => {
    const findings = applyExceptions(each(candidate), candidate, honoured);
    if (severity === 'off') return findings;
    const app = placed(candidate);
    const dangling = danglingReferences({ app, fence: candidate.fence, findings, severity, contact });
    return [...findings, ...applyExceptions(dangling, candidate, honoured)];
  };
}

/** The objects of a preview, with the places of their fields in what their author wrote. */
function placed({ preview, apps, generated, makers }: Case): Placed[] {
  return [
    ...generated.map((object) => ({
      object,
      positionOf: (path: FieldPath) => originOf({ preview, apps }, object, formatPath(path)),
    })),
    ...makers.map(({ object, positions }) => ({ object, positionOf: (path: FieldPath) => positions.of(path) })),
  ];
}

function generatedFindings(
  checker: Checker,
  source: Source,
  object: Manifest,
  namespaceObject: Manifest | undefined,
): Finding[] {
  return checker.causes(object, { namespaceObject }).map(({ rule, severity, message, field, object: ref }) => {
    return { rule, severity, message, ...originOf(source, object, field), object: ref, field };
  });
}
