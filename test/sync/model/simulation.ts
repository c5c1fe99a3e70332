import { isDeepStrictEqual } from 'node:util';
import { type CompiledPreview, createCompiler } from '../../../lib/compile/compile.ts';
import { GreenroomError } from '../../../lib/core/errors.ts';
import { encodeObject, OBJECT_FORMATS } from '../../../lib/core/git/objects.ts';
import type { Answer, Hold, HoldRequest, PullRequest } from '../../../lib/forge/forge.ts';
import { loadPlatform, loadPreview } from '../../../lib/model/files.ts';
import { syncAndAnswer } from '../../../lib/sync/commands.ts';
import { sweep } from '../../../lib/sync/sweep.ts';
import type { TestFiles } from '../../support/git.ts';
import { type Delivery, Hosting } from './hosting.ts';
import { GRACE, LIMITED_PLATFORM, PLACES, PLATFORM, wish } from './rule.ts';
import type { MakeSide, Side } from './sides.ts';
import { keyOf, type Props, Stage, type Worker } from './stage.ts';
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
  { limited, opened, steps }: Sequence,
  makeSide: MakeSide,
): Promise<ReadonlySet<Happening>> {
  const platform = limited ? LIMITED_PLATFORM : PLATFORM;
  let simulation: Simulation | undefined;
  const side = await makeSide(platform, () => simulation?.now ?? START);
  try {
    simulation = new Simulation(side, platform, limited);
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
  | 'something was not understood';

class Simulation implements Props {
  now = START;
  readonly happened = new Set<Happening>();
  readonly #talks: Talks;
  readonly #side: Side;
  readonly #limited: boolean;
  readonly #platform: string;
  readonly #hosting: Hosting;
  readonly #stage: Stage;
  readonly #folders = new Map<string, readonly Folder[]>();

  constructor(side: Side, platform: string, limited: boolean) {
    this.#side = side;
    this.#platform = platform;
    this.#limited = limited;
    this.#hosting = new Hosting(side.on);
    this.#stage = new Stage(this);
    this.#talks = new Talks(this.#hosting, side.on, () => this.now, this.happened);
  }

  happen(what: Extract<Disturbance, 'rollback' | 'rewrite' | object>): void {
    const head = this.#side.head();
    if (what === 'rollback') this.#side.reset(this.earlierHead());
    else if (what === 'rewrite') this.#side.reset(this.#side.twin(head));
    else this.#hosting.happen(what, this.now);
  }

  under<T>(failure: 'fail' | 'lost' | 'html', perform: () => Promise<T>): Promise<T> {
    return this.#side.under(failure, perform);
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
  }

  async work(tasks: readonly Task[], how: Parameters<Stage['run']>[1]): Promise<void> {
    const broken: unknown[] = [];
    const runs = tasks.map((task) => () => this.#task(task).catch((error: unknown) => void broken.push(error)));
    await this.#stage.run(runs, how);
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
      answered: new Set(),
      removed: 0,
      liveAtStart: null,
    };
    const context = this.#stage.context(
      this.#side.open(() => this.now),
      worker,
    );
    try {
      if (delivery !== undefined) await this.#sync(context, delivery);
      else await sweep(context, { ...sweeps, apply: APPLY });
    } catch (error) {
      if (!(error instanceof GreenroomError)) throw error;
      if (error.code === 'unreachable') return;
      if (error.code === 'failed' && /still taken|would remove/.test(error.message)) return;
      throw error;
    }
  }

  async #sync(context: ReturnType<Stage['context']>, { repository, number }: Delivery): Promise<void> {
    await syncAndAnswer(context, repository, number, { apply: APPLY });
  }

  watchHold(
    worker: Worker,
    pull: PullRequest,
    request: HoldRequest,
    calls: number,
    hold: () => Promise<Hold>,
  ): Promise<Hold> {
    return this.#talks.watchHold(worker, pull, request, calls, hold);
  }

  watchAnswer(worker: Worker, pull: PullRequest, commentId: number, answer: Answer): void {
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

  /** What was written was written on top of what was there, in folders of previews only, and each for a reason. */
  #inspect(worker: Worker, before: string, after: string): void {
    if (this.#side.parent(after) !== before) throw new Error('the history is not linear');
    const [old, now] = [this.#side.files(before), this.#side.files(after)];
    const touched = new Set<string>();
    for (const path of new Set([...old.keys(), ...now.keys()])) {
      if (old.get(path) === now.get(path)) continue;
      const [top, cluster, repo, name, ...rest] = path.split('/');
      if (top !== 'previews' || rest.length === 0) throw new Error(`${path} was written, outside every preview`);
      touched.add(`${top}/${cluster}/${repo}/${name}`);
    }
    const [oldFolders, newFolders] = [this.#foldersOf(before), this.#foldersOf(after)];
    worker.liveAtStart ??= oldFolders.length;
    for (const path of touched) {
      const [was, is] = [oldFolders, newFolders].map((folders) => folders.find((folder) => folder.path === path));
      if (is === undefined) this.#justifyRemoval(worker, was!);
      else {
        if (was !== undefined && was.key !== is.key) throw new Error(`${path} was taken over by another repository`);
        this.#justifyWriting(worker, is);
      }
    }
    for (const what of ['key', 'name'] as const) {
      const all = newFolders.map((folder) => folder[what]);
      if (new Set(all).size < all.length) throw new Error(`two folders share ${what}: ${all.join(', ')}`);
    }
    if (this.#limited && newFolders.length > oldFolders.length && newFolders.length > PLACES) {
      throw new Error(`${newFolders.length} previews where there are ${PLACES} places`);
    }
  }

  #justifyRemoval(worker: Worker, folder: Folder): void {
    const reading = worker.readings.get(folder.key);
    const ended = this.now >= folder.expires + GRACE;
    if (reading?.status === 'found') {
      const wanted = this.#wish(reading.pull, this.now);
      // Without its file nobody knows what it should be: then what was there ends when its own time is up.
      const mayEnd = wanted === 'earlier' || worker.unread.has(reading.pull.head.sha);
      if (wanted !== 'none' && !(mayEnd && ended)) {
        throw new Error(`${folder.path} was removed, though it was read as ${wanted}`);
      }
      if (reading.pull.hold?.action === 'stop' && !ended) {
        this.happened.add('a stop removed a preview');
        return;
      }
    } else if (!ended) throw new Error(`${folder.path} was removed, though nothing was known of it`);
    worker.removed += 1;
    if (worker.sweeps?.allowRemovals === false && worker.removed > Math.max(3, worker.liveAtStart! / 2)) {
      throw new Error(`a sweep removed ${worker.removed} of ${worker.liveAtStart} unasked`);
    }
  }

  #justifyWriting(worker: Worker, folder: Folder): void {
    const reading = worker.readings.get(folder.key);
    if (reading?.status !== 'found') throw new Error(`${folder.path} was written, though nothing was known of it`);
    const wanted = this.#wish(reading.pull, worker.started);
    if (wanted !== 'preview') throw new Error(`${folder.path} was written, though it was read as ${wanted}`);
    this.#compare(folder, reading.pull);
    const { hold } = reading.pull;
    if (hold?.action === 'run')
      this.happened.add(hold.until === null ? 'a retry brought one back' : 'an end was moved');
  }

  /** The whole folder is what this head compiles to. */
  #compare(folder: Folder, pull: PullRequest): void {
    const wanted = this.#compiled(pull, folder.name);
    if (folder.path !== wanted.folder) throw new Error(`${folder.path} should be ${wanted.folder}`);
    if (!isDeepStrictEqual(folder.files, idsOf(wanted))) throw new Error(`${folder.path} is not what it should be`);
  }

  #compiled(pull: PullRequest, name: string): CompiledPreview {
    const spec = loadPlatform(this.#platform, 'greenroom.yaml').value.spec;
    const files: TestFiles = VARIANTS[this.#hosting.variants.get(pull.head.sha)!];
    return createCompiler({ platform: spec, now: this.now })({
      preview: loadPreview(files['preview.yaml'] as string, 'preview.yaml'),
      manifests: null,
      identity: {
        repositoryId: pull.repository.id,
        owner: pull.repository.owner,
        repository: pull.repository.name,
        number: pull.number,
      },
      name,
      headSha: pull.head.sha,
      author: pull.author,
      labels: pull.labels,
      times: {
        createdAt: pull.createdAt,
        updatedAt: pull.updatedAt,
        committedAt: pull.head.committedAt,
        extension: pull.hold?.action === 'run' ? pull.hold : null,
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
    for (let sweeps = 0, head = ''; head !== this.#side.head(); sweeps += 1) {
      // A name that one pull request waits for may become free in the first, a place in the second, and in each of
      // them by what somebody asked for.
      if (sweeps === 6) throw new Error('the sweeps never come to rest');
      head = this.#side.head();
      await this.work([{ run: 'sweep', allowRemovals: true }], { turns: [], disturbances: [] });
    }
    const now = this.#foldersOf(this.#side.head());
    const expected = new Set<string>();
    for (const { repository, file } of this.#hosting.pulls()) {
      const key = keyOf(repository.id, file.number);
      const pull = this.#hosting.pullRequest(repository, file);
      const wanted = repository.gone ? 'earlier' : this.#wish(pull, this.now);
      const [was, is] = [before, now].map((folders) => folders.find((folder) => folder.key === key));
      const lives = was !== undefined && this.now < was.expires + GRACE;
      if (wanted === 'none' || (wanted === 'earlier' && !lives)) {
        if (is !== undefined) throw new Error(`${is.path} is still there (${wanted})`);
      } else if (wanted === 'earlier') {
        if (is === undefined || !isDeepStrictEqual(is.files, was?.files)) throw new Error(`${was?.path} was not kept`);
        expected.add(key);
      } else if (is === undefined) {
        const name = `pr-${repository.name}-${file.number}`;
        const isTaken = now.some((folder) => folder.name === name);
        const isFull = this.#limited && now.length >= PLACES;
        if (!isTaken && !isFull) throw new Error(`the preview of ${key} is missing`);
      } else {
        this.#compare(is, pull);
        const comment = this.#side.on.comment(repository, file.number);
        if (!comment?.includes(`https://${is.name}.`)) throw new Error(`nobody told the maker of ${key} about it`);
        expected.add(key);
      }
    }
    for (const { key, path } of now) if (!expected.has(key)) throw new Error(`${path} belongs to nobody`);
    this.#talks.settle(now);
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
