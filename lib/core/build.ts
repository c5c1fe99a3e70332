/** A check of a commit that may be the build of its image: a job of a workflow, or a status of another system. */
export interface Build {
  /** Foreign text. */
  readonly name: string;
  readonly state: 'queued' | 'running' | 'passed' | 'failed';
  /** Unix seconds; null where it has not started, or nobody says. */
  readonly startedAt: number | null;
  /** Unix seconds; null while it runs. */
  readonly endedAt: number | null;
  /** Page of its log; null for none that may be shown. */
  readonly url: string | null;
}

/** What runs for a commit, and what ran before it. */
export interface Builds {
  readonly head: readonly Build[];
  /** Whether there are more at the head than these. @default false */
  readonly isPartial?: boolean;
  /** Of earlier commits, a list each. */
  readonly earlier: readonly (readonly Build[])[];
}

/** Longest name and address that are kept, in characters. */
const MAX_NAME = 100;
const MAX_URL = 500;

/** A name as it is kept. */
export function buildName(text: string): string {
  return text.slice(0, MAX_NAME).toWellFormed();
}

/**
 * An address as it can stand in Markdown: http or https, without credentials, no character of it ends a link.
 *
 * @param below an address that it has to lie below. @default - any
 */
export function buildUrl(text: string | null, below?: string): string | null {
  if (text === null || text.length > MAX_URL || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return null;
  if (below !== undefined && !url.href.startsWith(`${below}/`)) return null;
  return url.href.replace(/[()<>[\]\\`*_|~'"!]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
