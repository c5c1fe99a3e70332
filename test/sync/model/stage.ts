import { GreenroomError } from '../../../lib/core/errors.ts';
import type {
  CommandReaction,
  Forge,
  Lookup,
  Override,
  OverrideRequest,
  PullComment,
  PullRequest,
  RepositoryPulls,
} from '../../../lib/forge/forge.ts';
import type { AppsRepo } from '../../../lib/gitops/apps-repo.ts';
import type { SyncContext } from '../../../lib/sync/plan/base.ts';
import type { Gate } from '../../support/memory/reviews.ts';
import type { Disturbance, Step } from './steps.ts';

/** What a worker was told last about a pull request. */
export type Reading = { readonly status: 'found'; readonly pull: PullRequest } | { readonly status: 'unknown' };

/** A process that syncs or sweeps: what it has seen, which is all that may justify what it writes. */
export interface Worker {
  readonly sweeps: { readonly allowRemovals: boolean } | null;
  /** Unix seconds. */
  readonly started: number;
  readonly readings: Map<string, Reading>;
  /** Heads whose files it asked for in vain, once at least: several pull requests may have the same head. */
  readonly unread: Set<string>;
  /** The comments of a pull request as it read them last, and when it last read the pull request before that. */
  readonly threads: Map<string, { readonly comments: readonly PullComment[]; readonly since: number }>;
  /** When it read each pull request last, counted in calls. */
  readonly readAt: Map<string, number>;
  /** Pull requests that it was told old news of. */
  readonly misled: Set<string>;
  /** What it remembered itself, and at which head: it knows that, whatever it is told. */
  readonly held: Map<string, { readonly headSha: string; readonly override: Override }>;
  /** What it read last as remembered: it may hold to that when it is told older news of the same head. */
  readonly learned: Map<string, { readonly headSha: string; readonly override: Override }>;
  /** Comments that it answered. */
  readonly answered: Set<number>;
  /** Folders. */
  readonly removed: Set<string>;
  liveAtStart: number | null;
}

export const keyOf = (repositoryId: number, number: number) => `${repositoryId}#${number}`;

/** What a call answers instead of the truth; a disturbance that is not among them fails. */
type Instead<T> = Partial<Record<'unknown' | 'empty' | 'stale' | 'conflict', () => Promise<T> | T>>;

/** What a server does to a call: below the client, where there is one. */
export type Trouble = Extract<Disturbance, 'fail' | 'lost' | 'html' | 'secondary' | 'lag'>;

/** What the stage works on. */
export interface Props {
  /** Carries a call out under some trouble of the server, the way the other side would show it. */
  under<T>(trouble: Trouble, perform: () => Promise<T>): Promise<T>;
  /** Something that happens between two calls, to the branch or on the forge. */
  happen(what: Extract<Disturbance, 'rollback' | 'rewrite' | object>): void;
  earlierPull(pull: PullRequest): PullRequest;
  /** The branch's commit before its last; its commit when there is none. */
  earlierHead(): string | null;
  /** Around every commit: looks at what was written. */
  watch<T>(worker: Worker, commit: () => Promise<T>): Promise<T>;
  /** The same around everything that may change a proposal. */
  watchProposals<T>(worker: Worker, perform: () => Promise<T>): Promise<T>;
  /** Around everything that is remembered of a command. */
  watchHold(
    worker: Worker,
    pull: PullRequest,
    request: OverrideRequest,
    calls: number,
    override: () => Promise<Override>,
  ): Promise<Override>;
  /** Before every answer to a comment. */
  watchAnswer(worker: Worker, pull: PullRequest, commentId: number, answer: CommandReaction): void;
}

interface Parked {
  readonly run: number;
  readonly resume: (what: Disturbance | null) => void;
}

/**
 * Runs workers a call at a time, in an order that is given: nothing is left to chance or to the clock. A worker stands
 * before each of its calls until it is its turn; one that crashes stays standing.
 */
export class Stage {
  readonly #props: Props;
  #parked: Parked[] = [];
  #stopped: () => void = () => undefined;
  /** The one that runs. */
  #current = 0;
  /** Those whose limit is used up. */
  readonly #limited = new Set<number>();
  /** Whether replicas may show older states for the rest of this run. */
  #isLagging = false;
  /** Calls that were made, ever. */
  #calls = 0;

  constructor(props: Props) {
    this.#props = props;
  }

  async run(
    tasks: readonly (() => Promise<void>)[],
    { turns, disturbances }: Pick<Extract<Step, { step: 'work' }>, 'turns' | 'disturbances'>,
  ): Promise<void> {
    this.#parked = [];
    this.#limited.clear();
    this.#isLagging = false;
    for (const [run, task] of tasks.entries()) {
      this.#current = run;
      await this.#untilNextStop(() => void task().finally(() => this.#stopped()));
    }
    const ahead = [...disturbances];
    let calls = 0;
    for (let turn = 0; this.#parked.length > 0; turn += 1) {
      this.#parked.sort((a, b) => a.run - b.run);
      const [next] = this.#parked.splice(turns[turn] ? this.#parked.length - 1 : 0, 1);
      const due = ahead[0] !== undefined && calls >= ahead[0].after ? ahead.shift()!.what : null;
      calls = due === null ? calls + 1 : 0;
      if (due === 'crash') continue;
      if (due === 'rollback' || due === 'rewrite' || (typeof due === 'object' && due !== null)) this.#props.happen(due);
      this.#current = next!.run;
      await this.#untilNextStop(() => next!.resume(due));
    }
  }

  #untilNextStop(go: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#stopped = resolve;
      go();
    });
  }

  async #call<T>(perform: () => Promise<T>, instead: Instead<T> = {}): Promise<T> {
    const run = this.#current;
    if (this.#limited.has(run)) throw limitedAnswer();
    const what = await new Promise<Disturbance | null>((resume) => {
      this.#parked.push({ run, resume });
      this.#stopped();
    });
    this.#calls += 1;
    switch (what) {
      case 'fail':
      case 'lost':
      case 'html':
      case 'secondary':
      case 'lag':
        if (what === 'lag') this.#isLagging = true;
        return this.#props.under(what, perform);
      case 'limited':
        this.#limited.add(run);
        throw limitedAnswer();
      case 'unknown':
      case 'empty':
      case 'stale':
      case 'conflict': {
        const answer = instead[what];
        if (answer !== undefined) return answer();
        return what === 'stale' ? perform() : this.#props.under('fail', perform);
      }
      default:
        return perform();
    }
  }

  /** The two sides as a worker gets to see them. */
  context(open: (gate: Gate) => SyncContext, worker: Worker): SyncContext {
    const { repo, forge, clock } = open((perform) => this.#call(() => this.#props.watchProposals(worker, perform)));
    return { repo: this.#repo(repo, worker), forge: this.#forge(forge, worker), clock };
  }

  #repo(repo: AppsRepo, worker: Worker): AppsRepo {
    return {
      description: repo.description,
      read: (globs, at) =>
        this.#call(
          () => repo.read(globs, at),
          at === undefined ? { stale: () => repo.read(globs, this.#props.earlierHead()) } : {},
        ),
      commit: (request) =>
        this.#call(() => this.#props.watch(worker, () => repo.commit(request)), {
          conflict: () => ({ status: 'conflict' }),
        }),
      close: () => repo.close(),
      // Each of their requests is a call of its own.
      ...(repo.proposals === undefined ? {} : { proposals: repo.proposals }),
    };
  }

  #forge(forge: Forge, worker: Worker): Forge {
    const note = (pull: PullRequest) => {
      const key = keyOf(pull.repository.id, pull.number);
      if (this.#isLagging) worker.misled.add(key);
      const own = worker.held.get(key);
      const knows = own?.headSha === pull.head.sha && (pull.override === null || pull.override.at < own.override.at);
      worker.readings.set(key, { status: 'found', pull: knows ? { ...pull, override: own.override } : pull });
      worker.readAt.set(key, this.#calls);
      const learned = worker.learned.get(key);
      const isNews = learned?.headSha !== pull.head.sha || learned.override.at <= (pull.override?.at ?? 0);
      if (pull.override !== null && isNews)
        worker.learned.set(key, { headSha: pull.head.sha, override: pull.override });
    };
    const earlier = (pull: PullRequest) => {
      worker.misled.add(keyOf(pull.repository.id, pull.number));
      return this.#props.earlierPull(pull);
    };
    const unknown = (): Lookup<PullRequest> => ({ status: 'unknown', reason: 'no positive answer' });
    const lookUp = async (perform: () => Promise<Lookup<PullRequest>>) => {
      const answer = await this.#call(perform, {
        unknown,
        empty: unknown,
        stale: async () => {
          const truth = await perform();
          return truth.status === 'unknown' ? truth : { ...truth, value: earlier(truth.value) };
        },
      });
      if (answer.status === 'found') note(answer.value);
      return answer;
    };
    const list = this.#list.bind(this);
    return {
      description: forge.description,
      pullRequest: (repository, number) => lookUp(() => forge.pullRequest(repository, number)),
      async pullRequestById(id, number, lastKnown) {
        worker.readings.set(keyOf(id, number), { status: 'unknown' });
        return lookUp(() => forge.pullRequestById(id, number, lastKnown));
      },
      async *openPullRequests(owner, repositories) {
        for await (const listing of list(forge.openPullRequests(owner, repositories), earlier)) {
          for (const pull of listing.pulls) note(pull);
          yield listing;
        }
      },
      readFile: async (repository, sha, path) => {
        try {
          return await this.#call(() => forge.readFile(repository, sha, path));
        } catch (error) {
          worker.unread.add(sha);
          throw error;
        }
      },
      builds: (pull) => this.#call(() => forge.builds(pull)),
      commitParents: (...request) => this.#call(() => forge.commitParents(...request)),
      readFolder: (...request) => this.#call(() => forge.readFolder(...request)),
      changedFiles: (pull) => this.#call(() => forge.changedFiles(pull)),
      deployments: (...request) => this.#call(() => forge.deployments(...request)),
      publish: (...request) => this.#call(() => forge.publish(...request)),
      pages: forge.pages,
      capabilities: forge.capabilities,
      comments: async (pull) => {
        const comments = await this.#call(() => forge.comments(pull));
        const key = keyOf(pull.repository.id, pull.number);
        worker.threads.set(key, { comments, since: worker.readAt.get(key) ?? 0 });
        return comments;
      },
      mayWrite: (...request) => this.#call(() => forge.mayWrite(...request)),
      override: (pull, request) =>
        this.#call(() =>
          this.#props.watchHold(worker, pull, request, this.#calls, () => forge.override(pull, request)),
        ),
      answer: (pull, commentId, answer) =>
        this.#call(() => {
          this.#props.watchAnswer(worker, pull, commentId, answer);
          return forge.answer(pull, commentId, answer);
        }),
      close: () => forge.close(),
    };
  }

  async *#list(
    truth: AsyncIterable<RepositoryPulls>,
    earlier: (pull: PullRequest) => PullRequest,
  ): AsyncGenerator<RepositoryPulls> {
    const pages = truth[Symbol.asyncIterator]();
    const edited = async (edit: (page: RepositoryPulls) => RepositoryPulls) => {
      const page = await pages.next();
      return page.done ? page : { ...page, value: edit(page.value) };
    };
    for (;;) {
      const page = await this.#call<IteratorResult<RepositoryPulls>>(() => pages.next(), {
        unknown: () =>
          edited(({ repository, pulls }) => ({
            repository,
            pulls: pulls.slice(1),
            complete: false,
            reason: 'a page is missing',
          })),
        empty: () => ({ done: true, value: undefined }),
        stale: () => edited((found) => ({ ...found, pulls: found.pulls.map(earlier) })),
      });
      if (page.done) return;
      yield page.value;
    }
  }
}

/** What a client says of a limit that lasts: no loop tries it again. */
function limitedAnswer(): GreenroomError {
  return new GreenroomError('unreachable', 'the rate limit is used up', { until: Number.MAX_SAFE_INTEGER });
}

/** An answer that a server owes. */
export function noAnswer(): GreenroomError {
  return new GreenroomError('unreachable', 'the other side did not answer');
}
