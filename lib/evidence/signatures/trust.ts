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
  /** A hash of the settings and roots. */
  readonly id: string;
}

/**
 * @param files of the apps repo by path
 * @param now unix seconds
 * @throws GreenroomError `invalid-input` if a trusted root is missing, invalid or cannot prove anything, or if all of them
 *   have expired, so that no new signature could be trusted
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
    const message = 'have all expired: replace them by current ones';
    problems.push({ file: PLATFORM_FILE, field: 'spec.evidence.trustedRoots', message });
  }
  if (problems.length > 0) throw invalidInput(problems);
  const parts = [keys, identities, trustedRoots.map((file) => files.get(file))];
  const id = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return { keys: keys.map((key) => createPublicKey(key)), identities, roots, id };
}

/** Returns what is wrong, as the end of a sentence, if it is not a usable root. */
function readRoot(text: string | undefined): TrustMaterial | string {
  if (text === undefined) return 'is not in the apps repo';
  let material: TrustMaterial;
  try {
    material = toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(text)));
  } catch {
    return "is not a trusted root: it must be JSON like sigstore's trusted_root.json";
  }
  if (material.certificateAuthorities.length === 0) return 'has no certificate authority';
  if (material.tlogs.length === 0 && material.timestampAuthorities.length === 0) {
    return 'has neither a log nor a timestamp authority, so nothing proves when a certificate was used';
  }
  return material;
}

/** Whether nothing that is signed now can be trusted: no authority is valid, or nothing that proves the time. */
function isOver({ certificateAuthorities, timestampAuthorities, tlogs }: TrustMaterial, now: number): boolean {
  const isPast = (date: Date) => date.getTime() < now * 1000;
  const isOverAuthority = ({ certChain, validFor }: (typeof certificateAuthorities)[number]) =>
    isPast(validFor.end) || certChain.some(({ notAfter }) => isPast(notAfter));
  const provesTime = [
    ...tlogs.map(({ validFor }) => isPast(validFor.end)),
    ...timestampAuthorities.map(isOverAuthority),
  ];
  return certificateAuthorities.every(isOverAuthority) || provesTime.every((isOver) => isOver);
}
