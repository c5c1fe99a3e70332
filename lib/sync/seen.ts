import type { Before, Deployment } from '../forge/forge.ts';
import { seenLine, seenOf } from '../report/markers.ts';
import type { LivePreview, PreviewState } from '../report/state.ts';
import { deploymentState, keptLine, median, parseKept } from '../status/kept.ts';
import { mergeAll, patient } from '../status/merge.ts';
import type { Observation } from '../status/observation.ts';
import { type Status, statusOf } from '../status/status.ts';

/** What is known of a preview: what was just seen, and what the forge remembers of earlier looks. */
export interface Seen {
  readonly status: Status;
  readonly deployment: Deployment | null;
  /** What the comment remembers of it, for forges that keep no deployments. */
  readonly line: string;
}

export interface SeenInput {
  /** Unix seconds. */
  readonly now: number;
  /** When it was committed, where nothing is remembered of it; null for unknown. */
  readonly committedAt: number | null;
  readonly state: PreviewState;
  /** What the apps repo holds of it; null for nothing. */
  readonly live: LivePreview | null;
  /** What was seen just now, of whichever commit. */
  readonly observed: readonly Observation[];
  readonly contact: string;
}

/** Null where nothing was ever committed. */
export function whatIsSeen(input: SeenInput, before: Before): Seen | null {
  const { now, state, live, observed, contact } = input;
  const shown = state.state === 'committed' ? state.preview : live;
  const noted = seenOf(before.comment);
  const headSha = shown?.headSha ?? before.kept[0]?.headSha ?? noted?.headSha;
  if (headSha === undefined) return null;
  const current = before.kept.find((one) => one.headSha === headSha);
  const own = noted?.headSha === headSha ? noted : null;
  const remembered = [current?.description ?? '', own?.tag ?? ''].flatMap((line) => parseKept(line, headSha) ?? []);
  const committedAt = own?.committedAt ?? current?.createdAt ?? input.committedAt;
  const earlier = before.kept.find((one) => one.headSha !== headSha && one.state === 'success')?.headSha ?? null;
  const fresh = observed.map((one) => patient(one, committedAt, earlier));
  const seen = mergeAll([...remembered.map((kept) => kept.seen), ...fresh], headSha);
  const usual = median(before.kept.flatMap(({ description, headSha: sha }) => parseKept(description, sha)?.took ?? []));
  const found = statusOf({
    ...{ now, headSha, committedAt, seen, earlier, contact },
    ...(usual === undefined ? {} : { usual }),
  });
  const took =
    remembered.map((kept) => kept.took).find((seconds) => seconds !== null) ??
    (seen?.condition === 'ready' && committedAt !== null ? Math.max(0, seen.at - committedAt) : null);
  const status = over(state, found);
  // A sentence about how long ago it was would be another one with every writing.
  const description = seen === null ? 'Committed; nobody has looked yet.' : keptLine(found.sentence, seen, took);
  return {
    status,
    deployment: deploymentOf(state, shown, status, description),
    line: seenLine({ headSha, committedAt, tag: seen === null ? '' : keptLine('', seen, took) }),
  };
}

/** Where the preview is to go, what was seen of it while it ran says nothing of what is left. */
function over(state: PreviewState, status: Status): Status {
  if (state.state !== 'none' && state.state !== 'no-file') return status;
  if (status.state === 'gone' || status.state === 'ending') return status;
  const quiet = {
    headline: '',
    todo: null,
    turn: 'nobody',
    reason: null,
    field: null,
    words: null,
    lines: [],
  } as const;
  const sentence = 'It was taken out of the apps repo; the cluster deletes it within minutes.';
  return { ...status, ...quiet, state: 'ending', sentence, since: null, shows: null, seenBy: null, next: null };
}

function deploymentOf(
  state: PreviewState,
  shown: LivePreview | null,
  status: Status,
  description: string,
): Deployment | null {
  if (state.state === 'none' || state.state === 'no-file') {
    return { live: null, staying: [], isGone: status.state === 'gone' };
  }
  if (shown === null) return null;
  const { headSha, url } = shown;
  const older = status.shows !== null && !headSha.startsWith(status.shows) ? [status.shows] : [];
  return { live: { headSha, url, state: deploymentState(status.state), description }, staying: older };
}
