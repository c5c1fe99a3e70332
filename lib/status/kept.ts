import {
  CONDITIONS,
  cleanFacts,
  type Facts,
  type Observation,
  type ObservationSource,
  type PreviewCondition,
  SOURCES,
} from './observation.ts';
import type { StatusState } from './status.ts';

// A forge keeps one short line for each version of a preview: a sentence for people, followed by data for us.
// `Its address answers. [probe ready 1764489600 took=95]`

/** Maximum characters of that line: GitHub's limit for the description of a deployment. */
export const MAX_KEPT = 140;

const KEPT = /\[(probe|reconciler|cluster) ([a-z-]+)(?:\/([a-z-]+))? (\d{1,11})((?: [a-z]+=[^\s[\]]{1,60}){0,8})\]$/;

const NUMBERS: ReadonlySet<string> = new Set(['code', 'count', 'status', 'port', 'took']);

export interface Kept {
  readonly seen: Observation;
  /** Seconds from commit to first answer; null if unknown. */
  readonly took: number | null;
}

/** The line for an observation. @param sentence for people; cut if the line gets too long */
export function keptLine(
  sentence: string,
  { source, condition, reason, at, facts = {}, shows }: Observation,
  took: number | null,
): string {
  const pairs = Object.entries({
    ...facts,
    ...(shows && { shows: shows.slice(0, 12) }),
    ...(took !== null && { took }),
  });
  const room = MAX_KEPT - 40;
  // A fact that does not fit is left out completely: a cut name would be a different name.
  let named = '';
  for (const [key, value] of pairs) {
    const next = ` ${key}=${value}`;
    if (named.length + next.length <= room - (reason?.length ?? 0)) named += next;
  }
  const tag = `[${source} ${condition}${reason === undefined ? '' : `/${reason}`} ${at}${named}]`;
  const left = MAX_KEPT - tag.length - 1;
  const words = sentence.length <= left ? sentence : left < 8 ? '' : `${sentence.slice(0, left - 3).toWellFormed()}...`;
  return `${words} ${tag}`.trim();
}

/** A clock may be ahead of ours by this many seconds. */
export const MAX_AHEAD = 15 * 60;

/**
 * Parses a line; null if we did not write it, or if it is from the future: no later observation would ever replace it.
 *
 * @param now unix seconds
 */
export function parseKept(line: string, headSha: string, now: number): Kept | null {
  const [, source, condition, reason, at, rest = ''] = KEPT.exec(line) ?? [];
  if (!SOURCES.includes(source as ObservationSource) || !CONDITIONS.includes(condition as PreviewCondition))
    return null;
  if (Number(at) > now + MAX_AHEAD) return null;
  const pairs = Object.fromEntries(
    rest
      .trim()
      .split(' ')
      .filter(Boolean)
      .map((pair) => {
        const [key = '', ...value] = pair.split('=');
        const text = value.join('=');
        return [key, NUMBERS.has(key) && /^-?\d{1,10}$/.test(text) ? Number(text) : text];
      }),
  );
  const { shows, took, ...other } = pairs;
  const facts: Facts = cleanFacts(other);
  const seen: Observation = {
    source: source as ObservationSource,
    condition: condition as PreviewCondition,
    headSha,
    at: Number(at),
    ...(reason === undefined ? {} : { reason }),
    ...(Object.keys(facts).length === 0 ? {} : { facts }),
    ...(typeof shows === 'string' && /^[0-9a-f]{12,64}$/.test(shows) ? { shows } : {}),
  };
  return { seen, took: typeof took === 'number' && took >= 0 ? took : null };
}

/** Deployment state on the forge for a state of a preview. */
export function deploymentState(state: StatusState): 'in_progress' | 'success' | 'failure' {
  switch (state) {
    case 'ready':
    case 'asleep':
      return 'success';
    case 'not-working':
    case 'build-failed':
      return 'failure';
    default:
      return 'in_progress';
  }
}

/** The median; undefined for an empty list. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
