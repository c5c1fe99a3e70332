/** What a command came to, where a reaction alone does not say it. Times are unix seconds. */
export type Answered =
  | { readonly kind: 'help' }
  /** Everything was read again. */
  | { readonly kind: 'looked'; readonly at: number }
  /** Extended, and by less than was asked for. @property asked seconds */
  | { readonly kind: 'capped'; readonly asked: number; readonly until: number }
  /** It ends as late as can be asked for already. */
  | { readonly kind: 'longest'; readonly until: number }
  /** There is nothing that could be extended. @property live whether an earlier version runs */
  | { readonly kind: 'nothing-to-extend'; readonly live: boolean }
  | { readonly kind: 'stopped-already' }
  /** No command has an effect. @property why one sentence */
  | { readonly kind: 'no-preview'; readonly why: string }
  | { readonly kind: 'misspelt'; readonly text: string; readonly meant: string | null }
  | { readonly kind: 'not-allowed' };

/** What is said to somebody who gave a command. */
export interface Reply {
  /** Login name; null where nobody knows. */
  readonly to: string | null;
  readonly answered: Answered;
}
