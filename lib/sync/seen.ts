import type { Before, Deployment } from '../forge/forge.ts';
import { seenLine, seenOf } from '../report/markers.ts';
import type { LivePreview, PreviewState } from '../report/state.ts';
import { deploymentState, keptLine, median, parseKept } from '../status/kept.ts';
import { mergeAll, patient } from '../status/merge.ts';
import type { Observation } from '../status/observation.ts';
import { type Status, statusOf } from '../status/status.ts';

/** Everything known about a preview: new observations, and those stored on the forge. */
export interface KnownStatus {
  readonly status: Status;
  readonly deployment: Deployment | null;
  /** Stored in the comment, for forges without deployments. */
  readonly line: string;
}

export interface SeenInput {
  /** Unix seconds. */
  readonly now: number;
  /** Commit time if none is stored; null if unknown. */
  readonly committedAt: number | null;
  readonly state: PreviewState;
  /** The preview in the apps repo; null if there is none. */
  readonly live: LivePreview | null;
  /** New observations, of any commit. */
  readonly observed: readonly Observation[];
  readonly contact: string;
}

/** Null if nothing was ever committed. */
export function whatIsSeen(input: SeenInput, before: Before): KnownStatus | null {
  const { now, state, live, observed, contact } = input;
  const shown = state.state === 'committed' ? state.preview : live;
  const noted = seenOf(before.comment);
  const headSha = shown?.headSha ?? before.kept[0]?.headSha ?? noted?.headSha;
  if (headSha === undefined) return null;
  const current = before.kept.find((one) => one.headSha === headSha);
  const own = noted?.headSha === headSha ? noted : null;
  const remembered = [current?.description ?? '', own?.tag ?? ''].flatMap(
    (line) => parseKept(line, headSha, now) ?? [],
  );
  const committedAt = own?.committedAt ?? current?.createdAt ?? input.committedAt;
  const earlier = before.kept.find((one) => one.headSha !== headSha && one.state === 'success')?.headSha ?? null;
  const fresh = observed.map((one) => patient(one, committedAt, earlier));
  const seen = mergeAll([...remembered.map((kept) => kept.seen), ...fresh], headSha);
  const usual = median(
    before.kept.flatMap(({ description, headSha: sha }) => parseKept(description, sha, now)?.took ?? []),
  );
  const found = statusOf({
    ...{ now, headSha, committedAt, seen, earlier, contact },
    ...(usual === undefined ? {} : { usual }),
  });
  const took =
    remembered.map((kept) => kept.took).find((seconds) => seconds !== null) ??
    (seen?.condition === 'ready' && found.mayShow === undefined && committedAt !== null
      ? Math.max(0, seen.at - committedAt)
      : null);
  const status = over(state, found);
  // A sentence with the elapsed time would change with every update.
  const description = seen === null ? 'Committed; nobody has checked yet.' : keptLine(found.sentence, seen, took);
  return {
    status,
    deployment: deploymentOf(state, shown, status, description),
    line: seenLine({ headSha, committedAt, tag: seen === null ? '' : keptLine('', seen, took) }),
  };
}

/** Once the preview is being removed, earlier observations no longer apply. */
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
  const answering = status.shows ?? status.mayShow ?? headSha;
  const older = headSha.startsWith(answering) ? [] : [answering];
  return { live: { headSha, url, state: deploymentState(status.state), description }, staying: older };
}
