/** A remark on lines of a file of a pull request; lines count from 1, both included. */
export interface Annotation {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly level: 'failure' | 'warning' | 'notice';
  readonly title: string;
  readonly message: string;
}

/** What a check of a commit says. */
export interface CheckReport {
  readonly conclusion: 'pending' | 'success' | 'failure' | 'neutral';
  /** One line. */
  readonly title: string;
  /** Markdown. */
  readonly summary: string;
  readonly annotations: readonly Annotation[];
}
