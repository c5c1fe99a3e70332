import { GreenroomError } from '../core/errors.ts';
import { Pool } from '../core/pool.ts';
import { type PullRequestRef, pullRequestText } from '../core/repository.ts';
import type { PullRequest } from '../forge/forge.ts';
import { saidOf, storedStateOf } from '../report/markers.ts';
import type { BuildStatus } from '../status/build.ts';
import { titleOf } from '../status/status.ts';
import { type Base, readBase, type SyncContext } from './plan/base.ts';
import { isProposal, refusalOf, stopOf } from './plan/eligibility.ts';
import { buildOf, derivedName } from './plan/plan-preview.ts';

/** A pull request whose preview is not in the apps repo yet, although its comment says that it is to get one. */
export interface ExpectedPreview {
  /** The name that the preview will get. */
  readonly name: string;
  /** `owner/name` */
  readonly repository: string;
  readonly number: number;
  /** Login name of the pull request's author. */
  readonly owner: string;
  readonly headSha: string;
  /** State as stored in the comment: `waiting`, `queued`, `review/open`, `problem`. */
  readonly state: string;
  /** What it waits for: `waiting for your build`; the headline of the comment, unless its build is known better. */
  readonly title: string;
  /** Status of its build, if it waits for its first image; null otherwise. */
  readonly build: BuildStatus | null;
}

export interface Expected {
  readonly previews: readonly ExpectedPreview[];
  /** Parts of the forge that could not be read, so that previews may be missing; one sentence each. */
  readonly unknown: readonly string[];
}

const SIDE_BY_SIDE = 8;

/** Which pull requests are read. */
export interface ExpectedFilter {
  /** One pull request, which is read alone. @default - all open pull requests are listed */
  readonly only?: PullRequestRef | undefined;
  /** @param name the name that its preview will get @default - all */
  readonly isWanted?: (pull: PullRequest, name: string) => boolean;
}

/**
 * Open pull requests that wait for a first preview, by their comments. One that nobody has handled yet has no comment, and
 * one that was refused waits for nothing: both are left out. Writes nothing.
 *
 * @throws GreenroomError as `readBase`
 */
export async function expectedPreviews(
  context: SyncContext,
  { only, isWanted = () => true }: ExpectedFilter = {},
): Promise<Expected> {
  const base = await readBase(context);
  const shown = (await base.records()).flatMap(({ record }) => record?.identity ?? []);
  const hasPreview = ({ repository, number }: PullRequest) =>
    shown.some((identity) => identity.repositoryId === repository.id && identity.number === number);
  const unknown: string[] = [];
  const pulls = new Map<string, PullRequest>();
  for await (const pull of only === undefined ? openPulls(context, base, unknown) : onePull(context, only, unknown)) {
    if (!hasPreview(pull) && mayHaveOne(pull, context, base) && isWanted(pull, derivedName(pull, base))) {
      pulls.set(`${pull.repository.id}#${pull.number}`, pull);
    }
  }
  const pool = new Pool(SIDE_BY_SIDE);
  const read = (pull: PullRequest) =>
    pool
      .run(() => expectedOf(context, base, pull))
      .catch((error: unknown) => {
        if (!(error instanceof GreenroomError)) throw error;
        unknown.push(`${pull.repository.path}#${pull.number}: ${error.message}`);
        return null;
      });
  const found = await Promise.all([...pulls.values()].map(read));
  return { previews: found.filter((one) => one !== null), unknown };
}

async function* openPulls({ forge }: SyncContext, { platform }: Base, unknown: string[]): AsyncGenerator<PullRequest> {
  for (const { owner, repos } of platform.sources) {
    try {
      for await (const listing of forge.openPullRequests(owner, repos)) {
        yield* listing.pulls;
        if (!listing.complete) unknown.push(`${listing.repository.path}: ${listing.reason}`);
      }
    } catch (error) {
      if (!(error instanceof GreenroomError)) throw error;
      unknown.push(`${owner}: ${error.message}`);
    }
  }
}

async function* onePull({ forge }: SyncContext, ref: PullRequestRef, unknown: string[]): AsyncGenerator<PullRequest> {
  const lookup = await forge.pullRequest(ref, ref.number);
  if (lookup.status === 'found') yield lookup.value;
  else unknown.push(`${pullRequestText(ref)}: ${lookup.reason}`);
}

function mayHaveOne(pull: PullRequest, { repo }: SyncContext, { platform, registrations }: Base): boolean {
  return !isProposal(repo, pull) && refusalOf(pull, platform, registrations) === null && stopOf(pull) === null;
}

/** States of pull requests whose preview comes without another change of theirs, or with another build. */
const TO_COME: ReadonlySet<string> = new Set(['waiting', 'queued', 'review/open', 'problem']);

/** Null if its comment says nothing of a preview to come, or nothing of its present head. */
async function expectedOf(context: SyncContext, base: Base, pull: PullRequest): Promise<ExpectedPreview | null> {
  const { repository, number, author, head } = pull;
  const comment = (await context.forge.comments(pull)).find(({ isOurs }) => isOurs)?.body ?? null;
  const [said, stored] = [saidOf(comment), storedStateOf(comment)];
  if (said === null || stored === null || !head.sha.startsWith(said.commit)) return null;
  if (!TO_COME.has(stored.state)) return null;
  const build = stored.state === 'waiting' ? await buildOf(context, base, pull) : null;
  const known = { repository: repository.path, number, owner: author, headSha: head.sha };
  return {
    name: derivedName(pull, base),
    ...known,
    state: stored.state,
    title: build === null ? said.headline : titleOf(build),
    build,
  };
}
