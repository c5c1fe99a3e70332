/** Result of a command that a reaction alone cannot express. Times are unix seconds. */
export type Answered =
  | { readonly kind: 'help' }
  /** Everything was read again. */
  | { readonly kind: 'looked'; readonly at: number }
  /** Extended by less than requested. @property asked seconds */
  | { readonly kind: 'capped'; readonly asked: number; readonly until: number }
  /** The end is already the latest possible. */
  | { readonly kind: 'longest'; readonly until: number }
  /** Nothing can be extended. @property live whether an earlier version runs */
  | { readonly kind: 'nothing-to-extend'; readonly live: boolean }
  | { readonly kind: 'stopped-already' }
  /** Commands have no effect. @property why one sentence */
  | { readonly kind: 'no-preview'; readonly why: string }
  | { readonly kind: 'misspelt'; readonly text: string; readonly meant: string | null }
  | { readonly kind: 'not-allowed' };

/** Reply to somebody who gave a command. */
export interface Reply {
  /** Login name; null if unknown. */
  readonly to: string | null;
  readonly answered: Answered;
}
