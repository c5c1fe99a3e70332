import type { Build, Builds } from '../core/build.ts';
import { dayAndTime, printable, roughDuration } from '../core/text.ts';
import { type BuildKind, buildKind } from './build-names.ts';
import { median } from './kept.ts';
import type { Status } from './status.ts';

/** Status of the build that must push a missing image. */
export interface BuildStatus extends Pick<Status, 'headline' | 'sentence' | 'todo' | 'turn' | 'since' | 'next'> {
  readonly state: 'waiting-for-build' | 'build-failed';
  /** Page with its log; null if there is none. */
  readonly url: string | null;
}

export interface BuildsKnown {
  /** Null if the forge does not tell. */
  readonly builds: Builds | null;
  /** Unix seconds. */
  readonly now: number;
  /** Unix seconds: last change of the pull request. */
  readonly changedAt: number;
  /** Whom a maker asks. */
  readonly contact: string;
  /** Patterns of the names of jobs that build images. @default - names tell it, see {@link buildKind} */
  readonly names?: readonly string[] | undefined;
}

/** A check, and whether it builds an image. */
type Job = Build & { readonly kind: BuildKind };

/** A forge may need this many seconds after a push until it lists the checks. */
const FIRST_SECONDS = 3 * 60;
/** A registry may need this many seconds after a build until it shows the image. */
const LAST_SECONDS = 5 * 60;

const quiet = { headline: '', todo: null, turn: 'nobody', since: null, next: null, url: null } as const;
const BY_ITSELF = 'The preview starts by itself when it is there.';

/** What a missing image waits for. Pure; it claims no more than the forge reported. */
export function buildStatus({ builds, now, changedAt, contact, names }: BuildsKnown): BuildStatus {
  const waiting = { ...quiet, state: 'waiting-for-build' } as const;
  if (builds === null) return { ...waiting, sentence: `The state of its build is unknown. ${BY_ITSELF}` };
  const all = jobsOf(builds.head, names).filter(mayBuild);
  const own = surest(all);
  const known = own.length > 0 ? own : all;
  const usual = usualOf(builds.earlier, names);
  const active = firstStarted(known.filter(isActive));
  if (active !== undefined) return { ...waiting, ...running(active, usual, now) };
  const failed = known.find(({ state }) => state === 'failed');
  if (failed !== undefined) return failure(failed);
  const other = firstStarted(all.filter(isActive));
  if (other !== undefined) return { ...waiting, ...running(other, undefined, now) };
  const [last] = [...known].sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0));
  if (own.length > 0 && now - (last?.endedAt ?? 0) < LAST_SECONDS) return { ...waiting, ...justEnded(last!) };
  if (own.length > 0) return noImage(last!);
  // A check that is not listed (yet) may be the build.
  const isYoung = now - changedAt < FIRST_SECONDS || now - (last?.endedAt ?? 0) < LAST_SECONDS;
  if (isYoung) return { ...waiting, sentence: `Its build is not listed yet. ${BY_ITSELF}` };
  if (builds.isPartial)
    return { ...waiting, sentence: `Too many checks ran to tell which one builds it. ${BY_ITSELF}` };
  return nothingBuilds(all, contact);
}

const quoted = ({ name }: Build) => `"${printable(name, 60)}"`;
/** Only a check whose name says so is called a build. */
const nameOf = (build: Job) => `${isBuild(build) ? 'Your build' : 'The check'} ${quoted(build)}`;
const isActive = ({ state }: Build) => state === 'queued' || state === 'running';

function running(
  build: Job,
  usual: number | undefined,
  now: number,
): Pick<BuildStatus, 'sentence' | 'since' | 'next' | 'url'> {
  const { startedAt: since, url } = build;
  const name = nameOf(build);
  const by = usual === undefined || since === null ? null : since + usual;
  const next = { what: 'the build ends', by: by !== null && by > now ? by : null };
  if (build.state === 'queued' || since === null) {
    const usually = usual === undefined ? '' : ` It usually takes about ${roughDuration(usual)}.`;
    return { sentence: `${name} waits for its turn.${usually} ${BY_ITSELF}`, since: null, next, url };
  }
  const time =
    usual === undefined || by === null
      ? '.'
      : now > by + usual
        ? `; it takes longer than usual (about ${roughDuration(usual)}).`
        : `; it usually takes about ${roughDuration(usual)}.`;
  return { sentence: `${name} runs since ${dayAndTime(since)}${time} ${BY_ITSELF}`, since, next, url };
}

function justEnded(build: Job): Pick<BuildStatus, 'sentence' | 'since' | 'url'> {
  const when = build.endedAt === null ? '' : ` ${dayAndTime(build.endedAt)}`;
  const sentence = `${nameOf(build)} ended${when}; its image should be there within minutes. ${BY_ITSELF}`;
  return { sentence, since: build.endedAt, url: build.url };
}

function failure(build: Job): BuildStatus {
  const when = build.endedAt === null ? '' : ` ${dayAndTime(build.endedAt)}`;
  return {
    state: isBuild(build) ? 'build-failed' : 'waiting-for-build',
    headline: isBuild(build) ? '' : 'a check failed',
    sentence: `${nameOf(build)} did not succeed${when}, ${isBuild(build) ? 'so there is nothing new to show' : 'which may be why there is no image'}.`,
    todo: 'See why, then push a change or run it again.',
    turn: 'maker',
    since: build.endedAt,
    next: null,
    url: build.url,
  };
}

function nothingBuilds(others: readonly Job[], contact: string): BuildStatus {
  const ran =
    others.length === 0
      ? 'no check has run for this commit'
      : `only ${others.slice(0, 3).map(quoted).join(', ')}${others.length > 3 ? ' and others' : ''} ran for this commit`;
  return {
    ...quiet,
    state: 'waiting-for-build',
    headline: 'nothing builds an image',
    sentence: `Nothing in this repository builds an image for pull requests: ${ran}.`,
    todo: `Add a workflow that runs for pull requests and pushes the image under this tag; the build of the platform does it in three lines, see docs/new-apps.md of greenroom. Questions? Ask ${contact}.`,
    turn: 'maker',
  };
}

function noImage(build: Job): BuildStatus {
  const when = build.endedAt === null ? '' : ` ${dayAndTime(build.endedAt)}`;
  const isSure = build.kind === 'image';
  return {
    ...quiet,
    state: 'waiting-for-build',
    headline: isSure ? 'the build pushed no such image' : 'no image was pushed',
    sentence: `${nameOf(build)} ended${when}, and the image is not there.`,
    todo: `Check that ${isSure ? 'it' : 'this or another job'} pushes the image under this name and tag.`,
    turn: 'maker',
    since: build.endedAt,
    url: build.url,
  };
}

/** Job names that suggest greenroom itself, or tests of a preview. */
const OF_PREVIEWS = /greenroom|preview/i;

const isBuild = ({ kind }: Pick<Job, 'kind'>) => kind !== 'other';
const mayBuild = (job: Job) => isBuild(job) || !OF_PREVIEWS.test(job.name);

/** The jobs that build images: if some certainly do, no others count. */
function surest(jobs: readonly Job[]): Job[] {
  const sure = jobs.filter(({ kind }) => kind === 'image');
  return sure.length > 0 ? sure : jobs.filter(isBuild);
}

/** The latest run of each name, so that a rerun replaces the first run. */
function jobsOf(builds: readonly Build[], names: BuildsKnown['names']): Job[] {
  const latest = new Map<string, Build>();
  for (const build of builds) {
    const known = latest.get(build.name);
    if (known === undefined || startOf(build) >= startOf(known)) latest.set(build.name, build);
  }
  return [...latest.values()].map((build) => ({ ...build, kind: buildKind(build.name, names) }));
}

/** A queued job sorts last. */
const startOf = ({ startedAt }: Build) => startedAt ?? Number.POSITIVE_INFINITY;

function firstStarted(jobs: readonly Job[]): Job | undefined {
  return jobs.reduce<Job | undefined>(
    (first, one) => (first !== undefined && startOf(first) <= startOf(one) ? first : one),
    undefined,
  );
}

/** Median seconds of the builds of earlier commits; undefined if none passed. */
function usualOf(earlier: Builds['earlier'], names: BuildsKnown['names']): number | undefined {
  const times = earlier.flatMap((builds) => {
    const own = surest(jobsOf(builds, names));
    const spans = own.flatMap(({ startedAt, endedAt }) =>
      startedAt === null || endedAt === null ? [] : [{ startedAt, endedAt }],
    );
    if (spans.length === 0 || spans.length < own.length || own.some(({ state }) => state !== 'passed')) return [];
    const seconds = Math.max(...spans.map((one) => one.endedAt)) - Math.min(...spans.map((one) => one.startedAt));
    return seconds > 0 ? [seconds] : [];
  });
  return median(times);
}
