import { isDeepStrictEqual } from 'node:util';
import { imagesToLookUp } from '../compile/images-to-look-up.ts';
import type { PreviewRecord } from '../model/record.ts';
import type { Base, SyncContext } from '../sync/plan/base.ts';
import { evidenceState } from '../sync/plan/evidence.ts';
import type { RecordedSource } from './recompile.ts';

export interface Mismatch {
  readonly status: 'wrong' | 'unknown';
  readonly reason: string;
}

/** Whether the evidence that a change records for images equals what their registry shows; null if so. */
export async function evidenceMismatch(
  context: Pick<SyncContext, 'forge' | 'verifier'>,
  base: Base,
  { record, pull, preview, manifests }: RecordedSource,
  known: PreviewRecord | undefined,
): Promise<Mismatch | null> {
  if (base.trust === null) return null;
  if (known?.headSha === record.headSha && isDeepStrictEqual(known.evidence, record.evidence)) return null;
  if (context.verifier === undefined)
    return { status: 'unknown', reason: 'the evidence of its image cannot be looked up here' };
  const naming = { number: record.identity.number, headSha: record.headSha };
  const images = [...imagesToLookUp(preview, manifests, base.platform, naming).values()].flatMap((image) => {
    const digest = image.digest ?? record.imageDigest;
    return digest === null ? [] : [{ image, digest }];
  });
  const state = await evidenceState(context, base, pull, record.headSha, images);
  if (state.status === 'unknown') return { status: 'unknown', reason: `its image cannot be verified: ${state.reason}` };
  for (const [digest, { noted }] of state.evidence) {
    if (!isDeepStrictEqual(record.evidence?.[digest] ?? {}, noted)) {
      return { status: 'wrong', reason: `differs from what the registry shows for ${digest}; sync it again` };
    }
  }
  const extra = Object.keys(record.evidence ?? {}).find((digest) => !state.evidence.has(digest));
  return extra === undefined
    ? null
    : { status: 'wrong', reason: `names ${extra}, which is not an image of this preview` };
}
