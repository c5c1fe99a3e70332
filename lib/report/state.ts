import type { Problem } from '../core/errors.ts';
import type { Finding } from '../core/finding.ts';

/** A preview that runs, as far as the apps repo knows. */
export interface LivePreview {
  readonly name: string;
  readonly url: string;
  readonly headSha: string;
  /** Unix seconds. */
  readonly expires: number;
  readonly cost: { readonly currency: string; readonly perDay: number; readonly ratesAsOf: string };
}

/** What there is to say of one pull request. The same data makes comment, check, table and JSON. */
export type PreviewState =
  | { readonly state: 'ready'; readonly preview: LivePreview; readonly findings: readonly Finding[] }
  | { readonly state: 'denied'; readonly findings: readonly Finding[]; readonly live: LivePreview | null }
  | { readonly state: 'invalid'; readonly problems: readonly Problem[]; readonly live: LivePreview | null }
  | { readonly state: 'queued'; readonly sentence: string; readonly live: LivePreview | null }
  /** The image of the head commit is not in its registry yet. */
  | { readonly state: 'waiting'; readonly image: string; readonly live: LivePreview | null }
  /** No preview.yaml at the head. */
  | { readonly state: 'no-file' }
  /** The platform's rules give it none, or its time is up; `removed` says whether one ran until now. */
  | { readonly state: 'none'; readonly reason: string; readonly sentence: string; readonly removed: LivePreview | null }
  /** A pull request in the apps repo stands between this and what runs; `live` is what runs until then. */
  | {
      readonly state: 'review';
      readonly decision: 'open' | 'declined' | 'withdrawn';
      readonly sentence: string;
      /** Of that pull request. */
      readonly url: string;
      readonly live: LivePreview | null;
    }
  /** The forge gave no positive answer: everything stays as it is. */
  | { readonly state: 'unknown'; readonly reason: string };

/** The pull request that a state is about, as far as texts need it. */
export interface Subject {
  readonly repository: string;
  readonly number: number;
  readonly title: string;
  readonly headSha: string;
}
