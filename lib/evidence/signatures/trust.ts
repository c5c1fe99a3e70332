import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { type TrustMaterial, toTrustMaterial } from '@sigstore/verify';
import { invalidInput, type Problem } from '../../core/errors.ts';
import type { FileSet } from '../../core/fileset.ts';
import { PLATFORM_FILE } from '../../model/layout.ts';
import type { PlatformSpec } from '../../model/platform.ts';

export type EvidenceSettings = PlatformSpec['evidence'];

/** Whose signatures count. */
export interface Trust {
  readonly keys: readonly KeyObject[];
  readonly identities: EvidenceSettings['identities'];
  readonly roots: readonly TrustMaterial[];
  /** Another text for another trust. */
  readonly id: string;
}

/**
 * @param files of the apps repo by path
 * @param now unix seconds
 * @throws GreenroomError `invalid-input` for a trusted root that is not there, is none, or cannot prove anything, and when
 *   all of them are out of date, so that nothing that is signed now could count
 */
export function createTrust(settings: EvidenceSettings, files: FileSet, now: number): Trust {
  const { keys, identities, trustedRoots } = settings;
  const problems: Problem[] = [];
  const roots = trustedRoots.flatMap((file, i) => {
    const root = readRoot(files.get(file));
    if (typeof root !== 'string') return [root];
    problems.push({ file: PLATFORM_FILE, field: `spec.evidence.trustedRoots[${i}]`, message: `${file} ${root}` });
    return [];
  });
  if (problems.length === 0 && roots.length > 0 && roots.every((root) => isOver(root, now))) {
    const message = 'are all out of date: their certificates are over; put the present ones in their place';
    problems.push({ file: PLATFORM_FILE, field: 'spec.evidence.trustedRoots', message });
  }
  if (problems.length > 0) throw invalidInput(problems);
  const parts = [keys, identities, trustedRoots.map((file) => files.get(file))];
  const id = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return { keys: keys.map((key) => createPublicKey(key)), identities, roots, id };
}

/** A sentence about what is wrong, where it is no root. */
function readRoot(text: string | undefined): TrustMaterial | string {
  if (text === undefined) return 'is not in the apps repo';
  let material: TrustMaterial;
  try {
    material = toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(text)));
  } catch {
    return "is no trusted root: it has to be JSON as sigstore's trusted_root.json";
  }
  if (material.certificateAuthorities.length === 0) return 'names no authority for certificates';
  if (material.tlogs.length === 0 && material.timestampAuthorities.length === 0) {
    return 'names neither a log nor a time stamp authority, so that nothing says when a certificate was used';
  }
  return material;
}

function isOver({ certificateAuthorities }: TrustMaterial, now: number): boolean {
  return certificateAuthorities.every(
    ({ certChain, validFor }) =>
      validFor.end.getTime() < now * 1000 || certChain.some(({ notAfter }) => notAfter.getTime() < now * 1000),
  );
}
