import type { TemplateAnswer } from '../../create/question.ts';

/** A question to a person at a terminal. */
export interface Ask {
  readonly message: string;
  readonly initial?: TemplateAnswer | undefined;
  /** Choices; without them the answer is a text, or yes or no. */
  readonly options?: readonly { readonly value: string; readonly label: string; readonly hint?: string }[];
  /** Why the answer is not valid; undefined if it is. */
  readonly problem?: (text: string) => string | undefined;
}

export interface Person {
  text(ask: Ask): Promise<string>;
  choice(ask: Ask & { options: NonNullable<Ask['options']> }): Promise<string>;
  yes(ask: Ask): Promise<boolean>;
  /** A text that is not shown on the terminal. */
  secret(ask: Ask): Promise<string>;
}

/** Thrown when the person cancels with Ctrl+C, or the terminal is closed. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}
