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
import { type MakerSource, originOf } from './origin.ts';
import type { ResolvedApp } from './resolve.ts';

/** A preview to evaluate, before it is committed. */
export interface Case {
  readonly name: string;
  /** `owner/name` */
  readonly repository: string;
  readonly preview: Loaded<Preview>;
  readonly apps: readonly ResolvedApp[];
  readonly generated: readonly Manifest[];
  /** Text of the maker's own manifests by path. */
  readonly manifests: FileSet;
  /** The objects of those texts, as they will be committed. */
  readonly makers: readonly MakerManifest[];
  /** Objects of the fence. */
  readonly fence: readonly Manifest[];
  /** Changes a maker's object to what will be committed. */
  readonly committed: (object: JsonRecord) => unknown;
  readonly namespaceObject: Manifest | undefined;
}

export interface EvaluatorOptions {
  readonly platform: PlatformSpec;
  /** Text of `exceptions/*.yaml` by path; an invalid one has no effect. @default - none */
  readonly exceptions?: FileSet | undefined;
  /** Current time in unix seconds, to tell which exceptions have expired. */
  readonly now: number;
  /** The platform's own rules, in addition to greenroom's. @default - none */
  readonly extraRules?: readonly Rule[] | undefined;
  /** A shared CEL compiler. @default - a new one */
  readonly cel?: CelCompiler | undefined;
}

export type Evaluate = (candidate: Case) => Finding[];

/**
 * Prepares the rules of a platform once. A finding in a generated object points into the maker's `preview.yaml`; a
 * finding in a maker's manifest points to its own line.
 */
export function createEvaluate(options: EvaluatorOptions): Evaluate {
  const { platform, exceptions = new Map(), now, extraRules, cel } = options;
  const { severities, contact } = platform.policies;
  const params = ruleParams(platform);
  const shared = { severities, contact, extraRules, cel: cel ?? createCelCompiler() };
  const generator = createChecker({ params, ...shared });
  const maker = createChecker({ params: makerParams(params), ...shared });
  // Reserved keys are checked in the maker's text, because the compiler adds such keys itself.
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

/** The objects of a preview, with the positions of their fields in the author's files. */
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
  source: MakerSource,
  object: Manifest,
  namespaceObject: Manifest | undefined,
): Finding[] {
  return checker.causes(object, { namespaceObject }).map(({ rule, severity, message, field, object: ref }) => {
    return { rule, severity, message, ...originOf(source, object, field), object: ref, field };
  });
}
