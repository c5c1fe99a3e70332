import { printable } from '../core/text.ts';
import { maskedLines } from './mask.ts';

/** Sources of observations, from the least to the most detailed. */
export const SOURCES = ['probe', 'reconciler', 'cluster'] as const;
export type ObservationSource = (typeof SOURCES)[number];

/** Condition of a preview at one moment. */
export const CONDITIONS = ['starting', 'ready', 'not-working', 'asleep', 'ending', 'gone'] as const;
export type PreviewCondition = (typeof CONDITIONS)[number];

/**
 * Details of a reason: small numbers and short names, so that they fit into one line on the forge. Everything else is
 * in {@link Observation.words}.
 */
export interface Facts {
  /** Name of the app below `apps` in preview.yaml. @default - the first one */
  readonly app?: string;
  /** Exit code of a process. */
  readonly code?: number;
  /** How often it happened. */
  readonly count?: number;
  /** HTTP status. */
  readonly status?: number;
  readonly port?: number;
  /** Path of a health check. */
  readonly path?: string;
  /** Name of the affected object: a secret, a host, a finalizer or another object. */
  readonly name?: string;
}

/** Reason of an observation that only ends an earlier `not-applied`: the reconciler did not report it again. */
export const NOT_REPEATED = 'not-repeated';

/** One observation of a preview. */
export interface Observation {
  readonly source: ObservationSource;
  /** The observed commit of the pull request: full, lower case. */
  readonly headSha: string;
  /** Unix seconds, by the observer's clock. */
  readonly at: number;
  readonly condition: PreviewCondition;
  /** Id of a row of `reasons.ts`. @default - none is known */
  readonly reason?: string;
  /** @default - none */
  readonly facts?: Facts;
  /** The system's own message, for engineers: untrusted text. @default - nothing */
  readonly words?: string;
  /** Last lines of the app's log, oldest first: untrusted text. @default - none */
  readonly lines?: readonly string[];
  /** An earlier commit that still answers: at least its first 12 characters. @default - none */
  readonly shows?: string;
}

/** Maximum length of {@link Observation.words}, in characters. */
export const MAX_WORDS = 600;
/** Maximum number of log lines, and of characters in one. */
export const MAX_LINES = 20;
const MAX_LINE = 300;

/** Maximum length of a fact, in characters. */
const MAX_NAME = 60;
const NAME = /^[A-Za-z0-9._/:@#-]+$/;
const NUMBERS = ['code', 'count', 'status', 'port'] as const;
const NAMES = ['app', 'path', 'name'] as const;

/** Valid facts only: values that are too long or have unexpected characters are dropped. */
export function cleanFacts(facts: Readonly<Record<string, unknown>>): Facts {
  const numbers = NUMBERS.flatMap((key) => {
    const value = facts[key];
    return Number.isSafeInteger(value) && Math.abs(value as number) < 2 ** 31 ? [[key, value]] : [];
  });
  const names = NAMES.flatMap((key) => {
    const value = facts[key];
    return typeof value === 'string' && value.length <= MAX_NAME && NAME.test(value) ? [[key, value]] : [];
  });
  return Object.fromEntries([...numbers, ...names]);
}

/** Addresses in messages of registries and webhooks can have a password, or a signature in their query. */
const PRIVATE_PARTS: readonly (readonly [RegExp, string])[] = [
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s@/]{1,300}@/gi, '$1...@'],
  [/(\bhttps?:\/\/[^\s?"'<>]{1,300})\?[^\s"'<>]+/gi, '$1?...'],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, '$1 ...'],
];

/** Untrusted text as one short line, without private parts of addresses; undefined if it is empty. */
export function cleanWords(words: unknown): string | undefined {
  if (typeof words !== 'string') return undefined;
  const told = PRIVATE_PARTS.reduce(
    (text, [form, instead]) => text.replace(form, instead),
    words.slice(0, 4 * MAX_WORDS),
  );
  return printable(told, MAX_WORDS) || undefined;
}

/** The last lines of a log, shortened; a line that may contain a credential is masked. */
export function cleanLines(lines: readonly unknown[]): readonly string[] {
  const shown = lines
    .slice(-MAX_LINES)
    .flatMap((line) => (typeof line === 'string' ? [printable(line.slice(0, 4 * MAX_LINE), MAX_LINE)] : []));
  return maskedLines(shown).filter((line) => line !== '');
}
