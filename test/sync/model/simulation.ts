import { isDeepStrictEqual } from 'node:util';
import { createCompiler } from '../../../lib/compile/compile.ts';
import type { CompiledPreview } from '../../../lib/compile/compiler.ts';
import { GreenroomError } from '../../../lib/core/errors.ts';
import { encodeObject, OBJECT_FORMATS } from '../../../lib/core/git/objects.ts';
import { namesOf } from '../../../lib/core/repository.ts';
import type { CommandReaction, Override, OverrideRequest, PullRequest } from '../../../lib/forge/forge.ts';
import { loadPlatform, loadPreview } from '../../../lib/model/files.ts';
import { STRAYS_PROPOSAL } from '../../../lib/model/proposal.ts';
import { syncAndAnswer } from '../../../lib/sync/answer.ts';
import { identityOf } from '../../../lib/sync/plan/plan-preview.ts';
import { sweep } from '../../../lib/sync/sweep/sweep.ts';
import type { TestFiles } from '../../support/git.ts';
import { type Delivery, Hosting } from './hosting.ts';
import { GRACE, PLACES, platformOf, wish } from './rule.ts';
import type { MakeSide, Proposals, Side } from './sides.ts';
import { keyOf, type Props, Stage, type Trouble, type Worker } from './stage.ts';
import { type Disturbance, type Sequence, type Task, VARIANTS } from './steps.ts';
import { Talks } from './talks.ts';

/** 24 November 2026, 06:00 UTC. */
const START = Date.UTC(2026, 10, 24, 6) / 1000;

/** What lies in one preview's folder. */
interface Folder {
  readonly path: string;
  readonly name: string;
  /** Ids of its files, by path. */
  readonly files: ReadonlyMap<string, string>;
  /** {@link keyOf} the record. */
  readonly key: string;
  readonly headSha: string;
  readonly expires: number;
}

/**
 * Lives through a sequence and holds every commit, and the end, against the rule (rule.ts).
 *
 * @returns what came to pass, so that a test can tell that enough did
 * @throws Error that says which part of the rule was broken
 */
export async function simulate(
  { limited, review, opened, steps }: Sequence,
  makeSide: MakeSide,
): Promise<ReadonlySet<Happening>> {
  const platform = platformOf({ limited, review });
  let simulation: Simulation | undefined;
  const side = await makeSide(platform, () => simulation?.now ?? START);
  try {
    simulation = new Simulation(side, platform, { limited, review });
    await simulation.begin(opened);
    for (const step of steps) {
      if (step.step === 'event') simulation.happen(step.event);
      else if (step.step === 'time') simulation.now += step.seconds;
      else await simulation.work(step.tasks, step);
    }
    await simulation.settle();
    return simulation.happened;
  } finally {
    await side.close();
  }
}

/** What makes a life worth living through. */
export type Happening =
  | 'a stop removed a preview'
  | 'a retry brought one back'
  | 'an end was moved'
  | 'a box was dealt with'
  | 'somebody was refused'
  | 'something was not understood'
  | 'a proposal was merged'
  | 'a proposal was withdrawn'
  | 'a proposal became another version'
  | 'a limit was met'
  | 'replicas lagged';

class Simulation implements Props {
  now = START;
  readonly happened = new Set<Happening>();
  readonly #talks: Talks;
  readonly #side: Side;
  readonly #limited: boolean;
  readonly #review: boolean;
  /** Pull requests of whose previews somebody declined a version: that is how it stays. */
  readonly #declined = new Set<string>();
  readonly #platform: string;
  readonly #hosting: Hosting;
  readonly #stage: Stage;
  readonly #folders = new Map<string, readonly Folder[]>();

  constructor(side: Side, platform: string, { limited, review }: Pick<Sequence, 'limited' | 'review'>) {
    this.#side = side;
    this.#platform = platform;
    this.#limited = limited;
    this.#review = review;
    this.#hosting = new Hosting(side.on);
    this.#stage = new Stage(this);
    this.#talks = new Talks(this.#hosting, side.on, () => this.now, this.happened);
  }

  happen(what: Extract<Disturbance, 'rollback' | 'rewrite' | object>): void {
    const head = this.#side.head();
    if (what === 'rollback') this.#side.reset(this.earlierHead());
    else if (what === 'rewrite') {
      // A proposal needs a commit that it has in common with the branch.
      if (!this.#review || this.#side.parent(head) !== null) this.#side.reset(this.#side.twin(head));
    } else if ('index' in what) this.#decide(what.do === 'merge proposal' ? 'merge' : 'decline', what.index);
    else this.#hosting.happen(what, this.now);
  }

  #decide(what: 'merge' | 'decline', index: number): void {
    const open = this.#side.proposals().pulls.filter(({ state }) => state === 'open');
    const pull = open[index % Math.max(open.length, 1)];
    if (pull === undefined) return;
    if (what === 'merge') this.#merge(pull);
    else if (this.#side.decide(pull.number, 'decline')) {
      for (const { key } of this.#proposed(pull.name)) this.#declined.add(key);
    }
  }

  /** False where it conflicts. */
  #merge({ number }: Proposals['pulls'][number]): boolean {
    if (!this.#side.decide(number, 'merge')) return false;
    this.happened.add('a proposal was merged');
    return true;
  }

  /** Whose preview a proposal is about, as it would be and as it was. */
  #proposed(name: string): Folder[] {
    const commit = this.#side.proposals().branches.get(name);
    const commits = commit === undefined ? [] : [commit, this.#side.parent(commit)!];
    return commits.flatMap((oid) => this.#foldersOf(oid).filter((folder) => folder.name === name));
  }

  under<T>(trouble: Trouble, perform: () => Promise<T>): Promise<T> {
    if (trouble === 'secondary') this.happened.add('a limit was met');
    if (trouble === 'lag') this.happened.add('replicas lagged');
    return this.#side.under(trouble, perform);
  }

  earlierPull(pull: PullRequest): PullRequest {
    return this.#hosting.earlier(pull);
  }

  /** The very first commit stays: it brought greenroom.yaml. */
  earlierHead(): string {
    const head = this.#side.head();
    return this.#side.parent(head) ?? head;
  }

  /** Two repositories with so many previews between them. */
  async begin(opened: number): Promise<void> {
    for (let i = 0; i < opened; i += 1) {
      const variant = i % 3 === 2 ? 'site' : 'service';
      this.happen({ do: 'open', repo: i % 2, number: 1 + Math.floor(i / 2), variant, fork: false });
    }
    if (opened > 0) await this.work([{ run: 'sweep', allowRemovals: false }], { turns: [], disturbances: [] });
    // Some wait for their review still.
    for (const [i, pull] of this.#side.proposals().pulls.entries()) if (i % 3 < 2) this.#merge(pull);
  }

  async work(tasks: readonly Task[], how: Parameters<Stage['run']>[1]): Promise<void> {
    const broken: unknown[] = [];
    const runs = tasks.map((task) => () => this.#task(task).catch((error: unknown) => void broken.push(error)));
    await this.#stage.run(runs, how);
    this.#side.catchUp();
    if (broken.length > 0) throw broken[0];
  }

  async #task(task: Task): Promise<void> {
    const { inbox, sent } = this.#hosting;
    const delivery =
      task.run === 'deliver' && inbox.length > 0
        ? inbox.splice(task.index % inbox.length, 1)[0]
        : task.run === 'latest'
          ? sent.at(-1)
          : task.run !== 'sweep' && sent.length > 0
            ? sent[task.index % sent.length]
            : undefined;
    const sweeps = delivery === undefined ? { allowRemovals: task.run === 'sweep' ? task.allowRemovals : false } : null;
    const worker: Worker = {
      sweeps,
      started: this.now,
      readings: new Map(),
      unread: new Set(),
      threads: new Map(),
      readAt: new Map(),
      misled: new Set(),
      held: new Map(),
      learned: new Map(),
      answered: new Set(),
      removed: new Set(),
      liveAtStart: null,
    };
    const context = this.#stage.context((gate) => this.#side.open(() => this.now, gate), worker);
    try {
      if (delivery !== undefined) await this.#sync(context, delivery);
      else await sweep(context, { ...sweeps, apply: APPLY });
    } catch (error) {
      if (!(error instanceof GreenroomError)) throw error;
      if (error.code === 'unreachable') return;
      // A proposal may lose every one of its races.
      if (error.code === 'failed' && this.#review && /refused the pull request/.test(error.message)) return;
      throw error;
    }
  }

  async #sync(context: ReturnType<Stage['context']>, { repository, number, seen }: Delivery): Promise<void> {
    await syncAndAnswer(context, repository, number, { apply: APPLY, seen });
  }

  watchHold(
    worker: Worker,
    pull: PullRequest,
    request: OverrideRequest,
    calls: number,
    override: () => Promise<Override>,
  ): Promise<Override> {
    return this.#talks.watchHold(worker, pull, request, calls, override);
  }

  watchAnswer(worker: Worker, pull: PullRequest, commentId: number, answer: CommandReaction): void {
    this.#talks.watchAnswer(worker, pull, commentId, answer);
  }

  async watch<T>(worker: Worker, commit: () => Promise<T>): Promise<T> {
    const before = this.#side.head();
    try {
      return await commit();
    } finally {
      const after = this.#side.head();
      if (after !== before) this.#inspect(worker, before, after);
    }
  }

  async watchProposals<T>(worker: Worker, perform: () => Promise<T>): Promise<T> {
    const [head, before] = [this.#side.head(), this.#side.proposals()];
    try {
      return await perform();
    } finally {
      this.#inspectProposals(worker, head, before);
    }
  }

  /** One open proposal a preview; each holds a change of that preview and of nothing else, and for a reason. */
  #inspectProposals(worker: Worker, head: string, before: Proposals): void {
    if (this.#side.head() !== head) throw new Error('the branch was written without a review');
    const after = this.#side.proposals();
    const open = after.pulls.filter(({ state }) => state === 'open').map(({ name }) => name);
    if (new Set(open).size < open.length) throw new Error(`two proposals of one preview: ${open.join(', ')}`);
    for (const [name, commit] of after.branches) {
      if (name.startsWith('staging/') || before.branches.get(name) === commit) continue;
      const base = this.#side.parent(commit)!;
      const others = this.#touched(base, commit).filter((path) => path.split('/')[3] !== name);
      // One proposal removes all folders that belong to no pull request any more, e.g. below a repository's old name.
      if (others.length > 0 && name !== STRAYS_PROPOSAL)
        throw new Error(`the proposal of ${name} changes ${others.join(', ')}`);
      // A branch is made where the other one is, and moves on with its commit.
      if (!before.branches.has(name) && !open.includes(name)) continue;
      this.#justifyChanges(worker, base, commit);
      if (before.branches.has(name)) this.happened.add('a proposal became another version');
    }
    for (const { number, state } of before.pulls) {
      const now = after.pulls.find((pull) => pull.number === number);
      if (state === 'open' && now?.state === 'closed') this.happened.add('a proposal was withdrawn');
    }
  }

  /** Folders of previews that differ; anything else must not. */
  #touched(before: string, after: string): string[] {
    const [old, now] = [this.#side.files(before), this.#side.files(after)];
    const touched = new Set<string>();
    for (const path of new Set([...old.keys(), ...now.keys()])) {
      if (old.get(path) === now.get(path)) continue;
      const [top, cluster, repo, name, ...rest] = path.split('/');
      if (top !== 'previews' || rest.length === 0) throw new Error(`${path} was written, outside every preview`);
      touched.add(`${top}/${cluster}/${repo}/${name}`);
    }
    return [...touched];
  }

  /** What was written was written on top of what was there, in folders of previews only, and each for a reason. */
  #inspect(worker: Worker, before: string, after: string): void {
    if (this.#review) throw new Error('a commit without a review');
    if (this.#side.parent(after) !== before) throw new Error('the history is not linear');
    this.#justifyChanges(worker, before, after);
  }

  #justifyChanges(worker: Worker, before: string, after: string): void {
    const [oldFolders, newFolders] = [this.#foldersOf(before), this.#foldersOf(after)];
    worker.liveAtStart ??= oldFolders.length;
    for (const path of this.#touched(before, after)) {
      const [was, is] = [oldFolders, newFolders].map((folders) => folders.find((folder) => folder.path === path));
      // Of two previews of one pull request, under an old and a new name, one stays.
      const isSecond = this.#review && newFolders.some(({ key, name }) => key === was?.key && name !== was.name);
      if (is === undefined) {
        if (!isSecond) this.#justifyRemoval(worker, was!);
      } else {
        if (was !== undefined && was.key !== is.key) throw new Error(`${path} was taken over by another repository`);
        this.#justifyWriting(worker, is);
      }
    }
    for (const what of ['key', 'name'] as const) {
      // Two proposals under an old and a new name may both have been merged; that is not this change's doing.
      const extra = (folders: readonly Folder[]) =>
        folders.length - new Set(folders.map((folder) => folder[what])).size;
      if (extra(newFolders) > (this.#review ? extra(oldFolders) : 0)) {
        throw new Error(`two folders share ${what}: ${newFolders.map((folder) => folder[what]).join(', ')}`);
      }
    }
    // Places are counted by what is merged.
    const isLimited = this.#limited && !this.#review;
    if (isLimited && newFolders.length > oldFolders.length && newFolders.length > PLACES) {
      throw new Error(`${newFolders.length} previews where there are ${PLACES} places`);
    }
  }

  #justifyRemoval(worker: Worker, folder: Folder): void {
    const reading = worker.readings.get(folder.key);
    const ended = this.now >= folder.expires + GRACE;
    if (reading?.status === 'found') {
      const views = viewsOf(worker, folder.key, reading.pull);
      const pull = views.find((view) => this.#wish(view, this.now) === 'none') ?? reading.pull;
      const wanted = this.#wish(pull, this.now);
      // Without its file nobody knows what it should be: then what was there ends when its own time is up.
      const mayEnd = wanted === 'earlier' || worker.unread.has(pull.head.sha);
      if (wanted !== 'none' && !(mayEnd && ended)) {
        throw new Error(`${folder.path} was removed, though it was read as ${wanted}`);
      }
      if (pull.override?.action === 'stop' && !ended) {
        this.happened.add('a stop removed a preview');
        return;
      }
    } else if (!ended) throw new Error(`${folder.path} was removed, though nothing was known of it`);
    worker.removed.add(folder.path);
    if (worker.sweeps?.allowRemovals === false && worker.removed.size > Math.max(3, worker.liveAtStart! / 2)) {
      throw new Error(`a sweep removed ${worker.removed.size} of ${worker.liveAtStart} unasked`);
    }
  }

  #justifyWriting(worker: Worker, folder: Folder): void {
    const reading = worker.readings.get(folder.key);
    if (reading?.status !== 'found') throw new Error(`${folder.path} was written, though nothing was known of it`);
    const views = viewsOf(worker, folder.key, reading.pull);
    const wishes = views.map((view) => this.#wish(view, worker.started));
    if (!wishes.includes('preview')) throw new Error(`${folder.path} was written, though it was read as ${wishes[0]}`);
    const wanted = views.filter((_, i) => wishes[i] === 'preview');
    const pull = wanted.find((view) => this.#misfit(folder, view) === null);
    if (pull === undefined) throw new Error(this.#misfit(folder, wanted[0]!)!);
    const { override } = pull;
    if (override?.action === 'start') this.happened.add('a retry brought one back');
    if (override?.action === 'extend') this.happened.add('an end was moved');
  }

  /** Why a folder is not the whole of what a head compiles to; null where it is. */
  #misfit(folder: Folder, pull: PullRequest): string | null {
    const wanted = this.#compiled(pull, folder.name);
    if (folder.path !== wanted.folder) return `${folder.path} should be ${wanted.folder}`;
    return isDeepStrictEqual(folder.files, idsOf(wanted)) ? null : `${folder.path} is not what it should be`;
  }

  #compiled(pull: PullRequest, name: string): CompiledPreview {
    const spec = loadPlatform(this.#platform, 'greenroom.yaml').value.spec;
    const files: TestFiles = VARIANTS[this.#hosting.variants.get(pull.head.sha)!];
    return createCompiler({ platform: spec, now: this.now })({
      preview: loadPreview(files['preview.yaml'] as string, 'preview.yaml'),
      manifests: null,
      identity: identityOf(pull),
      name,
      headSha: pull.head.sha,
      author: pull.author,
      pullRequestUrl:
        this.#side.pages === null ? null : `${this.#side.pages}/${pull.repository.path}/pull/${pull.number}`,
      labels: pull.labels,
      times: {
        createdAt: pull.createdAt,
        updatedAt: pull.updatedAt,
        committedAt: pull.head.committedAt,
        ...(pull.override?.action === 'start' && { restartedAt: pull.override.at }),
        ...(pull.override?.until != null && { extension: { at: pull.override.at, until: pull.override.until } }),
      },
    });
  }

  #wish(pull: PullRequest, now: number) {
    return wish(pull, this.#hosting.variants.get(pull.head.sha)!, now);
  }

  #foldersOf(commit: string): readonly Folder[] {
    const known = this.#folders.get(commit);
    if (known !== undefined) return known;
    const grouped = new Map<string, Map<string, string>>();
    for (const [path, blob] of this.#side.files(commit)) {
      if (!path.startsWith('previews/')) continue;
      const folder = path.split('/').slice(0, 4).join('/');
      const files = grouped.get(folder) ?? new Map<string, string>();
      grouped.set(folder, files.set(path, blob));
    }
    const folders = [...grouped].map(([path, files]): Folder => {
      const blob = files.get(`${path}/preview.json`);
      if (blob === undefined) throw new Error(`${path} has no preview.json`);
      const { identity, headSha, expires } = JSON.parse(this.#side.text(blob));
      const key = keyOf(identity.repositoryId, identity.number);
      return { path, name: path.split('/')[3]!, files, key, headSha, expires };
    });
    this.#folders.set(commit, folders);
    return folders;
  }

  /** Undisturbed sweeps until nothing changes, and then everything has to be as the rule says. */
  async settle(): Promise<void> {
    const before = this.#foldersOf(this.#side.head());
    const stopped = this.#stopped();
    const undecided = await this.#rest();
    const now = this.#foldersOf(this.#side.head());
    const expected = new Set<string>();
    for (const { repository, file } of this.#hosting.pulls()) {
      const key = keyOf(repository.id, file.number);
      const pull = this.#hosting.pullRequest(repository, file);
      const [was, is] = [before, now].map((folders) => folders.find((folder) => folder.key === key));
      if (this.#declined.has(key)) {
        expected.add(key);
        continue;
      }
      const wanted = repository.gone ? 'earlier' : this.#wish(pull, this.now);
      const lives = was !== undefined && this.now < was.expires + GRACE;
      if (wanted === 'earlier' && undecided.has(key)) {
        // What was proposed before is no worse than what was there before, until its own end.
        if (is !== undefined && this.now >= is.expires + GRACE) throw new Error(`${is.path} has no end`);
        expected.add(key);
      } else if (wanted === 'none' || (wanted === 'earlier' && !lives)) {
        if (is !== undefined) throw new Error(`${is.path} is still there (${wanted})`);
      } else if (wanted === 'earlier') {
        // The stop is carried out before a later command is read: a file that is wrong then brings nothing back.
        if (is === undefined && stopped.has(key)) continue;
        if (is === undefined || !isDeepStrictEqual(is.files, was?.files)) throw new Error(`${was?.path} was not kept`);
        expected.add(key);
      } else if (is === undefined) {
        const name = `pr-${namesOf(repository).name}-${file.number}`;
        const isTaken = now.some((folder) => folder.name === name);
        // A version that was declined keeps its place: what comes after it is planned as if it were merged.
        const isFull = this.#limited && now.length + this.#declined.size >= PLACES;
        if (!isTaken && !isFull) throw new Error(`the preview of ${key} is missing`);
      } else {
        const misfit = this.#misfit(is, pull);
        if (misfit !== null) throw new Error(misfit);
        const comment = this.#side.on.comment(repository, file.number);
        if (!comment?.includes(`https://${is.name}.`)) throw new Error(`nobody told the maker of ${key} about it`);
        expected.add(key);
      }
    }
    for (const { key, path } of now) if (!expected.has(key)) throw new Error(`${path} belongs to nobody`);
    this.#talks.settle(now);
  }

  /** Pull requests whose last command that was stored is a stop. */
  #stopped(): ReadonlySet<string> {
    const pulls = this.#hosting.pulls().map(({ repository, file }) => ({
      key: keyOf(repository.id, file.number),
      pull: this.#hosting.pullRequest(repository, file),
    }));
    return new Set(pulls.filter(({ pull }) => pull.override?.action === 'stop').map(({ key }) => key));
  }

  /**
   * Sweeps, and merges what they propose, until there is nothing left to do.
   *
   * @returns pull requests of which something was proposed and not decided on
   */
  async #rest(): Promise<ReadonlySet<string>> {
    const undecided = new Set<string>();
    const stuck = new Set<number>();
    for (let rounds = 0; ; rounds += 1) {
      await this.#sweepToRest();
      const open = this.#side.proposals().pulls.filter(({ state }) => state === 'open');
      // One that conflicts stays where nobody can be asked about it.
      if (open.every(({ number }) => stuck.has(number))) return undecided;
      if (rounds === 15) throw new Error(`the proposals never come to an end: ${JSON.stringify(open)}`);
      for (const pull of open) {
        const keys = this.#proposed(pull.name).map(({ key }) => key);
        for (const key of keys) undecided.add(key);
        const before = this.#side.head();
        const isMerged = this.#merge(pull);
        if (this.#isLeft(keys)) {
          if (!isMerged) {
            stuck.add(pull.number);
            continue;
          }
          // It may bring what others propose, or what is gone for good, as well: all are looked at again.
          const brought = this.#touched(before, this.#side.head());
          for (const { path, key } of this.#foldersOf(this.#side.head()))
            if (brought.includes(path)) undecided.add(key);
          break;
        }
        if (!isMerged) throw new Error(`the proposal of ${pull.name} conflicts, and nobody mends it`);
        const others = this.#touched(before, this.#side.head()).filter((path) => path.split('/')[3] !== pull.name);
        if (others.length > 0 && pull.name !== STRAYS_PROPOSAL)
          throw new Error(`the proposal of ${pull.name} brings ${others.join(', ')} with it`);
      }
    }
  }

  /** Whether a proposal is left as it is: for want of an answer, a file that is right, or perhaps a place. */
  #isLeft(keys: readonly string[]): boolean {
    return this.#hosting.pulls().some(({ repository, file }) => {
      if (!keys.includes(keyOf(repository.id, file.number))) return false;
      const wanted = this.#wish(this.#hosting.pullRequest(repository, file), this.now);
      return repository.gone || repository.moved || wanted === 'earlier' || (this.#limited && wanted === 'preview');
    });
  }

  async #sweepToRest(): Promise<void> {
    const state = () => JSON.stringify([this.#side.head(), [...this.#side.proposals().branches]]);
    for (let sweeps = 0, last = ''; last !== state(); sweeps += 1) {
      // A name that one pull request waits for may become free in the first, a place in the second, and in each of
      // them by what somebody asked for.
      if (sweeps === 6) throw new Error('the sweeps never come to rest');
      last = state();
      await this.work([{ run: 'sweep', allowRemovals: true }], { turns: [], disturbances: [] });
    }
  }
}

const APPLY = { random: () => 0, sleep: async () => undefined };

const IDS = new WeakMap<CompiledPreview, ReadonlyMap<string, string>>();

/** Ids of the files of a compiled preview. */
function idsOf(compiled: CompiledPreview): ReadonlyMap<string, string> {
  const known = IDS.get(compiled);
  if (known !== undefined) return known;
  const id = (text: string) => encodeObject(OBJECT_FORMATS.sha1, 'blob', Buffer.from(text)).oid;
  const ids = new Map([...compiled.files].map(([path, text]) => [path, id(text)]));
  IDS.set(compiled, ids);
  return ids;
}

/** A pull request as a worker read it, and with what it had learned of its head before, where the reading is older. */
function viewsOf({ learned }: Worker, key: string, pull: PullRequest): PullRequest[] {
  const known = learned.get(key);
  const isNewer = known?.headSha === pull.head.sha && (pull.override === null || pull.override.at < known.override.at);
  return isNewer ? [pull, { ...pull, override: known.override }] : [pull];
}
