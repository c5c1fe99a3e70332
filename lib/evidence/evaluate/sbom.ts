import * as z from 'zod';
import { count } from '../../core/text.ts';
import type { Claim } from './claim.ts';
import type { Verdict } from './verdict.ts';

const spdx = z.object({
  spdxVersion: z.string().regex(/^SPDX-2\.\d$/),
  packages: z.array(z.unknown()),
});

const cycloneDx = z.object({ bomFormat: z.literal('CycloneDX'), components: z.array(z.unknown()).nullish() });

/** Scanners list the image itself as a package of SPDX. */
const part = z.object({ name: z.string().min(1), primaryPackagePurpose: z.string().nullish() });

/** Predicate types of both formats, with and without a version: cosign writes none, GitHub does. */
const TYPES = /^https:\/\/(spdx\.dev\/Document|cyclonedx\.org\/bom)(\/v?\d+(\.\d+)*)?$/;

const ADVICE =
  'let your build list its parts with `syft -o spdx-json` and attach that with `cosign attest --type spdxjson`';

export function isSbom(predicateType: string): boolean {
  return TYPES.test(predicateType);
}

/** Requires an SBOM, in SPDX 2 or CycloneDX, with at least one part other than the image itself. */
export function evaluateSbom(claims: readonly Claim[]): Verdict {
  const lists = claims.filter(({ predicateType }) => isSbom(predicateType));
  if (lists.length === 0) {
    return { status: 'missing', sentence: `The image comes without the list of its parts (SBOM): ${ADVICE}` };
  }
  const parts = lists.map(({ predicate }) => partsOf(predicate));
  const most = Math.max(...parts.map((found) => found ?? 0));
  if (most > 0) return { status: 'shown', sentence: `Its list of parts names ${count(most, 'part')}` };
  const what = parts.some((found) => found === 0) ? 'names no part' : 'is neither SPDX 2 nor CycloneDX';
  return { status: 'wrong', sentence: `The list of the image's parts (SBOM) ${what}: ${ADVICE}` };
}

/** How many parts it names, other than the image itself; undefined if it is not an SBOM. */
function partsOf(predicate: unknown): number | undefined {
  const listed = spdx.safeParse(predicate).data?.packages ?? componentsOf(predicate);
  return listed?.filter((one) => {
    const read = part.safeParse(one);
    return read.success && read.data.primaryPackagePurpose !== 'CONTAINER';
  }).length;
}

function componentsOf(predicate: unknown): readonly unknown[] | undefined {
  const bom = cycloneDx.safeParse(predicate);
  return bom.success ? (bom.data.components ?? []) : undefined;
}
