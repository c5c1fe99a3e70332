import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { formatTime } from '../../../lib/core/clock.ts';
import { GRAPHQL_NEEDS } from '../../../lib/github/http/permissions.ts';
import type { PullFile } from '../forge.ts';
import { COMMIT_TIME } from '../git.ts';
import { ARCHIVED, NOT_FOUND, type RestAnswer, refusal } from './answers.ts';
import type { FakeApp } from './app.ts';
import { runGraphQL } from './graphql.ts';
import type { FakeLimits, LimitAnswer } from './limits.ts';
import type { StoredDeployment, StoredRemark } from './people.ts';
import { runRest } from './rest.ts';
import { FakeError, FakeRepository, type StoredComment } from './store.ts';

export interface FakeRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Name of a GraphQL operation. */
  readonly operation: string | undefined;
  readonly body: Record<string, unknown>;
  /** The header that proves who asks. */
  readonly authorization: string;
}

/** Another answer than the true one. */
export interface Fault {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is. @default - a page of HTML */
  readonly body?: string;
  /** Carry the request out first, and then answer this. @default false */
  readonly after?: boolean;
  /** Milliseconds before anything else. @default 0 */
  readonly delay?: number;
  /** Nothing is answered before this. @default - nothing */
  readonly until?: Promise<unknown>;
  /** The true answer, changed on its way. */
  readonly edit?: (body: string) => string;
}

/** A pull request and its comments at one time. */
export interface Shown {
  /** Node id. */
  readonly subject: string;
  readonly pull: PullFile | undefined;
  readonly comments: StoredComment[];
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

export interface StoredCheck {
  readonly id: number;
  readonly repository: string;
  readonly head_sha: string;
  [field: string]: unknown;
}

/**
 * GitHub on the loopback over real bare repositories in the local forge's layout. GraphQL runs over GitHub's published
 * schema; comments, checks and statuses are kept in memory.
 */
export class FakeGitHub {
  readonly root: string;
  readonly token = 'ghs_secretTokenOfTheTest';
  /** Whose the token is. */
  login = 'greenroom-bot';
  readonly requests: FakeRequest[] = [];
  readonly protectedRepositories = new Set<string>();
  /** Full names; nothing can be written to them. */
  readonly archived = new Set<string>();
  /** `owner/name` of repositories that everybody can read. */
  readonly publicRepositories = new Set<string>();
  /** Permissions that the token lacks. */
  readonly missing = new Set<string>();
  /** Node ids of pull requests whose conversation is locked. */
  readonly locked = new Set<string>();
  /** Mutations that the server is too old for. */
  readonly lacks = new Set<string>();
  /** Texts of pull requests that were opened over the API, by their node ids. */
  readonly bodies = new Map<string, string>();
  /** Node ids of pull requests that merge themselves; null where the repository does not allow it. */
  autoMerges: Set<string> | null = new Set();
  readonly checks: StoredCheck[] = [];
  readonly statuses: StoredCheck[] = [];
  readonly deployments: StoredDeployment[] = [];
  readonly remarks: StoredRemark[] = [];
  /** Permissions on all repositories by login; whom it does not name is no collaborator. */
  readonly permissions = new Map<string, string>();
  /** Accounts that are programs. */
  readonly bots = new Set<string>([this.login]);
  /** Unix seconds. */
  clock: () => number = () => COMMIT_TIME;
  /** Old full names to new ones, as GitHub redirects after a rename. */
  readonly redirects = new Map<string, string>();
  /** A GitHub App whose installation tokens are taken as well as the token. */
  app: FakeApp | undefined;
  fault: (request: FakeRequest) => Fault | undefined = () => undefined;
  /** Limits that it keeps. @default - none */
  limits: FakeLimits | undefined;
  /** Answers that cost nothing: what was asked for is as it was. */
  unchanged = 0;
  readonly #comments = new Map<string, StoredComment[]>();
  readonly #behind = new Map<string, { pull: PullFile | undefined; comments: StoredComment[]; reads: number }>();
  readonly #repositories = new Map<string, FakeRepository>();
  readonly #fallbackIds = new Map<string, number>();
  readonly #server: Server;
  #nextComment = 1;
  #ticks = 0;

  private constructor(root: string, server: Server) {
    this.root = root;
    this.#server = server;
  }

  /** @param root a folder in the local forge's layout */
  static async start(root: string): Promise<FakeGitHub> {
    const server = createServer();
    // A client that computes for some seconds finds its connection as it left it.
    server.keepAliveTimeout = 120_000;
    const fake = new FakeGitHub(root, server);
    server.on('request', (request, response) => {
      fake.#answer(request).then(
        ({ status, headers = {}, body }) => {
          response.writeHead(status, { date: new Date(fake.clock() * 1000).toUTCString(), ...headers });
          response.end(body);
        },
        (error: unknown) => {
          response.writeHead(500, { 'content-type': 'application/json' });
          response.end(JSON.stringify({ message: String(error) }));
        },
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    return fake;
  }

  /** Every header that proved who asks. */
  get authorizations(): string[] {
    return [...new Set(this.requests.map(({ authorization }) => authorization))].filter(Boolean);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await Promise.all([...this.#repositories.values()].map((repo) => repo.close()));
  }

  names(owner: string): string[] {
    const folder = join(this.root, owner);
    if (!existsSync(folder)) return [];
    return readdirSync(folder).flatMap((name) => /^(.+)\.git$/.exec(name)?.[1] ?? []);
  }

  repository(owner: string, name: string): FakeRepository | undefined {
    const asked = `${owner}/${name}`;
    const key = this.redirects.get(asked) ?? asked;
    const [realOwner = '', realName = ''] = key.split('/');
    if (!existsSync(join(this.root, realOwner, `${realName}.git`))) return undefined;
    if (!this.#fallbackIds.has(key)) this.#fallbackIds.set(key, 900_000 + this.#fallbackIds.size);
    const known = this.#repositories.get(key);
    if (known?.isThere()) return known;
    const fresh = new FakeRepository(this.root, realOwner, realName, this.#fallbackIds.get(key)!);
    if (known?.id === fresh.id) return known;
    void known?.close();
    this.#repositories.set(key, fresh);
    return fresh;
  }

  repositoryById(id: number): FakeRepository | undefined {
    for (const owner of readdirSync(this.root)) {
      for (const name of this.names(owner)) {
        const repo = this.repository(owner, name);
        if (repo?.id === id) return repo;
      }
    }
    return undefined;
  }

  /** Replicas show a pull request and its comments as they are now, for so many more readings of it. */
  lag(owner: string, name: string, number: number, reads: number): void {
    this.showEarlier(this.shownNow(owner, name, number), reads);
  }

  /** A pull request and its comments as they are now. */
  shownNow(owner: string, name: string, number: number): Shown {
    const repo = this.repository(owner, name)!;
    const subject = `PR_${repo.id}_${number}`;
    const comments = this.comments(subject).map((comment) => ({ ...comment, reactions: [...comment.reactions] }));
    return { subject, pull: repo.pullRequest(number), comments };
  }

  /** Replicas show what was there earlier, for so many more readings of the pull request. */
  showEarlier({ subject, ...shown }: Shown, reads: number): void {
    this.#behind.set(subject, { ...shown, reads });
  }

  /** All replicas have caught up. */
  catchUp(): void {
    this.#behind.clear();
  }

  /** A pull request as a replica shows it. */
  shownPull(repo: FakeRepository, number: number): PullFile | undefined {
    const behind = this.#behind.get(`PR_${repo.id}_${number}`);
    if (behind === undefined) return repo.pullRequest(number);
    behind.reads -= 1;
    if (behind.reads < 0) this.#behind.delete(`PR_${repo.id}_${number}`);
    return behind.reads < 0 ? repo.pullRequest(number) : behind.pull;
  }

  /** Its comments likewise. */
  shownComments(subject: string): StoredComment[] {
    return this.#behind.get(subject)?.comments ?? this.comments(subject);
  }

  /** Comments of a pull request, by its node id. */
  comments(subject: string): StoredComment[] {
    return this.#comments.get(subject) ?? [];
  }

  commentsOf(owner: string, name: string, number: number): StoredComment[] {
    return this.comments(`PR_${this.repository(owner, name)?.id}_${number}`);
  }

  comment(id: string): StoredComment | undefined {
    return [...this.#comments.values()].flat().find((comment) => comment.id === id);
  }

  commentByNumber(number: number): StoredComment | undefined {
    return [...this.#comments.values()].flat().find((comment) => comment.number === number);
  }

  addComment(subject: string, author: string, body: string, createdAt = this.clock()): StoredComment {
    const index = this.#nextComment++;
    const number = 5_000_000_000 + index;
    const comment = {
      id: `IC_${index}`,
      subject,
      number,
      author,
      body,
      createdAt,
      updatedAt: this.tick(),
      editor: null,
      reactions: [],
    };
    this.#comments.set(subject, [...this.comments(subject), comment]);
    return comment;
  }

  /** Somebody edits a comment. */
  edit(comment: StoredComment, body: string, editor: string): void {
    Object.assign(comment, { body, editor, updatedAt: this.tick() });
  }

  removeComment(id: string): void {
    for (const [subject, comments] of this.#comments) {
      this.#comments.set(
        subject,
        comments.filter((comment) => comment.id !== id),
      );
    }
  }

  /** A time that was never before. */
  tick(): string {
    this.#ticks += 1;
    return formatTime(COMMIT_TIME + this.#ticks);
  }

  /** Refuses what the token has no permission for. */
  allow(permission: string): void {
    if (this.missing.has(permission)) throw new FakeError('FORBIDDEN', 'Resource not accessible by integration');
  }

  /** Refuses to write to what is archived. @param id of a repository, or of what belongs to one: `R_1`, `PR_1_7` */
  writing(id: string): void {
    const repo = this.repositoryById(Number(id.split('_')[1]));
    if (repo !== undefined && this.archived.has(`${repo.owner}/${repo.name}`))
      throw new FakeError('FORBIDDEN', ARCHIVED);
  }

  async #answer(incoming: IncomingMessage): Promise<Answer> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const body = (text === '' ? {} : (JSON.parse(text) ?? {})) as Record<string, unknown>;
    const operation = typeof body['query'] === 'string' ? /^\s*\w+\s+(\w+)/.exec(body['query'])?.[1] : undefined;
    const { authorization = '' } = incoming.headers;
    const request = { method: incoming.method ?? 'GET', path: incoming.url ?? '/', operation, body, authorization };
    this.requests.push(request);
    const { limits } = this;
    if (limits === undefined) return this.#whole(request, incoming);
    const api = operation === undefined ? 'core' : 'graphql';
    const isChange = operation === undefined ? request.method !== 'GET' : /^\s*mutation\b/.test(String(body['query']));
    try {
      const refused = limits.came(api, isChange);
      if (refused !== null) return jsonOf(refused);
      const answer = await this.#whole(request, incoming);
      if (answer.status !== 304) limits.spent(api);
      return { ...answer, headers: { ...limits.headers(api), ...answer.headers } };
    } finally {
      limits.left();
    }
  }

  /** The answer of a server without limits. */
  async #whole(request: FakeRequest, incoming: IncomingMessage): Promise<Answer> {
    const fault = this.fault(request);
    if (fault?.delay) await setTimeout(fault.delay);
    await fault?.until;
    const edit = fault === undefined ? (body: string) => body : fault.edit;
    const truth = edit !== undefined || fault?.after ? await this.#true(request) : undefined;
    if (truth !== undefined && edit !== undefined) {
      const body = edit(JSON.stringify(truth.body));
      if (request.method !== 'GET' || truth.status !== 200)
        return { status: truth.status, headers: { ...JSON_TYPE, ...truth.headers }, body };
      // As GitHub's: of the token as well as of the answer.
      const etag = `W/"${createHash('sha256').update(`${request.authorization}\n${body}`).digest('hex')}"`;
      const headers = { ...JSON_TYPE, ...truth.headers, etag };
      if (incoming.headers['if-none-match'] !== etag) return { status: 200, headers, body };
      this.unchanged += 1;
      return { status: 304, headers: { etag }, body: '' };
    }
    return {
      status: fault?.status ?? 200,
      headers: { 'content-type': 'text/html; charset=utf-8', ...fault?.headers },
      body: fault?.body ?? '<!DOCTYPE html><title>Unicorn!</title>',
    };
  }

  async #true(request: FakeRequest): Promise<RestAnswer<unknown>> {
    const asApp = this.app?.answer(request);
    if (asApp !== undefined) return asApp;
    const token = request.authorization.split(' ')[1] ?? '';
    const owner = this.app?.ownerOf(token);
    if (token !== this.token && owner === undefined) return refusal(401, 'Bad credentials');
    if (request.path !== '/graphql') {
      if (owner !== undefined && !this.#isOf(owner, request)) return NOT_FOUND;
      return runRest(this, request);
    }
    if (request.operation === undefined || !Object.hasOwn(GRAPHQL_NEEDS, request.operation)) {
      throw new Error(`${request.operation} has no row in lib/github/http/permissions.ts`);
    }
    const { query, variables } = request.body as { query: string; variables?: Record<string, unknown> };
    if (owner !== undefined && !this.#isOf(owner, request)) {
      const message = 'Could not resolve to a Repository with that name.';
      return { status: 200, body: { data: { repository: null }, errors: [{ type: 'NOT_FOUND', message }] } };
    }
    return { status: 200, body: await runGraphQL(this, query, variables ?? {}) };
  }

  /** An installation sees the repositories of its own owner, and no others. */
  #isOf(owner: string, { path, body }: FakeRequest): boolean {
    const [, root, name = '', id] = path.split(/[/?]/);
    if (root === 'repos') return name === owner;
    if (root === 'repositories') return this.repositoryById(Number(name ?? id))?.owner === owner;
    const { owner: asked, input } = (body['variables'] ?? {}) as { owner?: string; input?: object };
    const branch = (input as { branch?: { repositoryNameWithOwner: string } } | undefined)?.branch;
    const named = asked ?? branch?.repositoryNameWithOwner.split('/')[0];
    // Comments go by ids that name no owner.
    return named === undefined || named === owner;
  }
}

function jsonOf({ status, headers, body }: LimitAnswer): Answer {
  return { status, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) };
}
