import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { parseTime } from '../core/clock.ts';
import { isSameRepository, REPOSITORY_PATH, type RepositoryRef } from '../core/repository.ts';
import type { AppsBranch, EventState, PullTrigger, Trigger, WebhookSource } from '../forge/webhook.ts';
import { parseTrailers } from '../gitops/message.ts';
import { PLATFORM_FILE } from '../model/layout.ts';
import { PROPOSAL_BRANCH, type ProposalSubject, proposalSubject } from '../model/proposal.ts';

/** Events that are handled, and GitHub's test event. */
const EVENTS = ['pull_request', 'issue_comment', 'push', 'ping'];

/** GitHub's webhooks, by the headers `x-hub-signature-256`, `x-github-event` and `x-github-delivery`. */
export const gitHubWebhooks: WebhookSource = {
  isAuthentic: (headers, body, secret) => isAuthentic(body, header(headers, 'x-hub-signature-256'), secret),
  delivery(headers) {
    const event = header(headers, 'x-github-event') ?? '';
    const id = header(headers, 'x-github-delivery') ?? '';
    return { event: EVENTS.includes(event) ? event : 'other', id: /^[\w-]{1,64}$/.test(id) ? id : null };
  },
  trigger(body, apps, headers) {
    let payload: Fields;
    try {
      payload = fields(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)));
    } catch {
      return null;
    }
    return triggerOf(headers === undefined ? formOf(payload) : header(headers, 'x-github-event'), payload, apps);
  },
};

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  return [headers[name]].flat()[0];
}

/** @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
function isAuthentic(body: Uint8Array, signature: string | undefined, secret: string): boolean {
  const given = /^sha256=([0-9a-f]{64})$/.exec(signature ?? '')?.[1];
  // Anyone can sign with an empty secret.
  if (given === undefined || secret === '') return false;
  return timingSafeEqual(Buffer.from(given, 'hex'), createHmac('sha256', secret).update(body).digest());
}

/** The event of a payload without headers, such as the event file of a workflow run. */
function formOf(payload: Fields): string {
  if (payload['issue'] !== undefined) return 'issue_comment';
  return Array.isArray(payload['commits']) ? 'push' : 'pull_request';
}

function triggerOf(event: string | undefined, payload: Fields, apps: AppsBranch | null): Trigger | null {
  const repository = repositoryOf(fields(payload['repository']));
  if (repository === null) return null;
  const own = apps !== null && isSameRepository(apps, repository) ? apps : null;
  if (event === 'push') return own && pushed(payload, own);
  if (event === 'pull_request') {
    const pull = fields(payload['pull_request']);
    const isOwn = own !== null && isProposal(payload, pull);
    if (isOwn) return proposal(payload, pull);
    const { sha } = fields(pull['head']);
    const head = typeof sha === 'string' ? { headSha: sha } : {};
    return one(repository, pull['number'] ?? payload['number'], { ...timeOf('updatedAt', pull), ...head });
  }
  // Pull requests are issues, too; only they have this field.
  const issue = fields(payload['issue']);
  const isComment = event === 'issue_comment' && issue['pull_request'] !== undefined;
  // A deleted comment does not count as a command.
  if (!isComment || payload['action'] === 'deleted') return null;
  const comment = fields(payload['comment']);
  return one(repository, issue['number'], timeOf('commentUpdatedAt', comment), comment['id']);
}

function repositoryOf({ name, owner, full_name: path }: Fields): RepositoryRef | null {
  const { login } = fields(owner);
  const text = typeof name === 'string' && typeof login === 'string' ? `${login}/${name}` : path;
  return typeof text === 'string' && PATH.test(text) ? { path: text } : null;
}

const PATH = new RegExp(`^${REPOSITORY_PATH}$`);

function timeOf(field: keyof EventState, { updated_at: time }: Fields): EventState {
  const seconds = typeof time === 'string' ? parseTime(time) : undefined;
  return seconds === undefined ? {} : { [field]: seconds };
}

function one(repository: RepositoryRef, number: unknown, seen: EventState = {}, commentId?: unknown): Trigger | null {
  if (!isNumber(number)) return null;
  const comment = isNumber(commentId) ? { commentId } : {};
  const known = Object.keys(seen).length === 0 ? {} : { seen };
  return { pulls: [{ repository, number, ...comment, ...known }], sweep: false };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

function isProposal({ repository }: Fields, { head }: Fields): boolean {
  const { ref, repo } = fields(head);
  return String(ref).startsWith(PROPOSAL_BRANCH) && fields(repo)['id'] === fields(repository)['id'];
}

/** When a proposal is closed or reopened, its preview's pull request is synced. Other events come from our own changes. */
function proposal({ action }: Fields, { body }: Fields): Trigger | null {
  const subject = typeof body === 'string' && /^(closed|reopened)$/.test(String(action)) ? proposalSubject(body) : null;
  return subject && { pulls: [hintOf(subject)], sweep: false };
}

/**
 * Our commits have trailers. A commit of a merged proposal triggers a sync of its pull request; a commit of a sync or
 * sweep was reported by that run. Any other change of previews or settings was made by somebody else and triggers a
 * sweep.
 */
function pushed(payload: Fields, { branch }: AppsBranch): Trigger | null {
  const wanted = branch ?? fields(payload['repository'])['default_branch'];
  if (payload['ref'] !== `refs/heads/${String(wanted)}` || payload['deleted'] === true) return null;
  const commits = Array.isArray(payload['commits']) ? payload['commits'].map(fields) : [];
  const messages = commits.map(({ message }) => (typeof message === 'string' ? message : ''));
  const proposed = new Map<string, ProposalSubject>();
  const told = new Set<string>();
  for (const message of messages) {
    const marked = proposalSubject(message);
    const subjects = marked === null ? parseTrailers(message) : [marked];
    for (const subject of subjects) {
      told.add(subject.preview);
      if (marked !== null || message.includes('\nChange: ')) proposed.set(subject.preview, subject);
    }
  }
  const paths = commits.flatMap(({ added, removed, modified }) => [added, removed, modified].flat().map(String));
  const sweep = payload['forced'] === true || paths.some((path) => isForeign(path, told));
  const pulls = [...proposed.values()].map(hintOf);
  return sweep || pulls.length > 0 ? { pulls, sweep } : null;
}

function isForeign(path: string, told: ReadonlySet<string>): boolean {
  const [folder, , , preview] = path.split('/');
  if (folder === 'previews') return preview === undefined || !told.has(preview);
  return path === PLATFORM_FILE || folder === 'exceptions';
}

function hintOf({ pullRequest: { path, number } }: ProposalSubject): PullTrigger {
  return { repository: { path }, number };
}

type Fields = Record<string, unknown>;

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
