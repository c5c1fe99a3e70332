import type { Position } from '../core/errors.ts';
import type { Finding } from '../core/finding.ts';
import type { Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { type Checker, createChecker, type Violation } from '../policies/check.ts';
import { ruleParams } from '../policies/params.ts';
import { parsePath } from '../policies/paths.ts';
import type { Manifest } from './files.ts';
import type { MakerManifest } from './manifests.ts';
import { originOf } from './origin.ts';

/** What a preview would write with the app's account, before it is written. */
export interface Case {
  readonly preview: Loaded<Preview>;
  readonly generated: readonly Manifest[];
  readonly makers: readonly MakerManifest[];
  readonly namespaceObject: Manifest | undefined;
}

export type Judge = (candidate: Case) => Finding[];

/**
 * Prepares the rules of a platform once. A finding in a generated object points into the maker's `preview.yaml`; one in
 * a manifest of the maker's own points to its own line.
 */
export function createJudge(platform: PlatformSpec): Judge {
  const { severities, contact } = platform.policies;
  const checker = createChecker({ params: ruleParams(platform), severities, contact });
  return ({ preview, generated, makers, namespaceObject }) => [
    ...generated.flatMap((object) =>
      findings(checker, object, namespaceObject, ({ field }) => originOf(preview, object, field)),
    ),
    ...makers.flatMap(({ object, positions }) =>
      findings(checker, object, namespaceObject, ({ field }) => positions.of(parsePath(field))),
    ),
  ];
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
