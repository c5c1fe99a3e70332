import { isDeepStrictEqual } from 'node:util';
import { imagesToLookUp } from '../compile/images.ts';
import type { PreviewRecord } from '../model/record.ts';
import type { Base, SyncContext } from '../sync/plan/base.ts';
import { evidenceState } from '../sync/plan/evidence.ts';
import type { Source } from './recompile.ts';

export interface Doubt {
  readonly status: 'wrong' | 'unknown';
  readonly reason: string;
}

/** What a change claims that was shown of images has to be what their registry shows. */
export async function evidenceDoubt(
  context: Pick<SyncContext, 'forge' | 'verifier'>,
  base: Base,
  { record, pull, preview, manifests }: Source,
  known: PreviewRecord | undefined,
): Promise<Doubt | null> {
  if (base.trust === null) return null;
  if (known?.headSha === record.headSha && isDeepStrictEqual(known.evidence, record.evidence)) return null;
  if (context.verifier === undefined)
    return { status: 'unknown', reason: 'the evidence of its image cannot be looked up' };
  const naming = { number: record.identity.number, headSha: record.headSha };
  const images = [...imagesToLookUp(preview, manifests, base.platform, naming).values()].flatMap((image) => {
    const digest = image.digest ?? record.imageDigest;
    return digest === null ? [] : [{ image, digest }];
  });
  const state = await evidenceState(context, base, pull, record.headSha, images);
  if (state.status === 'unknown') return { status: 'unknown', reason: `its image cannot be verified: ${state.reason}` };
  for (const [digest, { noted }] of state.evidence) {
    if (!isDeepStrictEqual(record.evidence?.[digest] ?? {}, noted)) {
      return { status: 'wrong', reason: `is not what the registry shows of ${digest}; sync it again` };
    }
  }
  const extra = Object.keys(record.evidence ?? {}).find((digest) => !state.evidence.has(digest));
  return extra === undefined
    ? null
    : { status: 'wrong', reason: `names ${extra}, which is not an image of this preview` };
}
