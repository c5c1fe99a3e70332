/** A check of a commit that may be its image build: a workflow job, or a status of another CI system. */
export interface Build {
  /** Untrusted text. */
  readonly name: string;
  readonly state: 'queued' | 'running' | 'passed' | 'failed';
  /** Unix seconds; null if it has not started or the forge does not tell. */
  readonly startedAt: number | null;
  /** Unix seconds; null while it runs. */
  readonly endedAt: number | null;
  /** Page with its log; null if there is none that can be shown. */
  readonly url: string | null;
}

/** Checks of a commit and of earlier commits. */
export interface Builds {
  readonly head: readonly Build[];
  /** Whether the head has more checks than these. @default false */
  readonly isPartial?: boolean;
  /** One list for each earlier commit. */
  readonly earlier: readonly (readonly Build[])[];
}

/** Maximum length of a name and of a URL, in characters. */
const MAX_NAME = 100;
const MAX_URL = 500;

/** A name, cut to the maximum length. */
export function buildName(text: string): string {
  return text.slice(0, MAX_NAME).toWellFormed();
}

/**
 * A URL that is safe in a Markdown link: http(s), no credentials, no character that could end the link; else null.
 *
 * @param below required prefix. @default - any
 */
export function buildUrl(text: string | null, below?: string): string | null {
  if (text === null || text.length > MAX_URL || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return null;
  if (below !== undefined && !url.href.startsWith(`${below}/`)) return null;
  return url.href.replace(/[()<>[\]\\`*_|~'"!]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
