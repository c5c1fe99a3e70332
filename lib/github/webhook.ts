import { createHmac, timingSafeEqual } from 'node:crypto';
import { isSameRepository, type RepositoryRef } from '../forge/forge.ts';
import { parseTrailers } from '../gitops/message.ts';
import { PLATFORM_FILE } from '../model/layout.ts';
import { PROPOSAL_BRANCH, type ProposalSubject, proposalSubject } from '../model/proposal.ts';

/** Which pull request a delivery is about. A hint and no more: its state is read anew. */
export interface WebhookHint {
  readonly repository: RepositoryRef;
  readonly number: number;
}

/** What a delivery wakes. */
export interface Trigger {
  readonly pulls: readonly WebhookHint[];
  /** Whether the apps repo was changed by somebody else, so that everything is to be looked at again. */
  readonly sweep: boolean;
}

/** The branch that is deployed from. */
export interface AppsBranch extends RepositoryRef {
  /** Undefined: the repository's default branch. */
  readonly branch: string | undefined;
}

/**
 * Whether a delivery comes from who knows the secret. To be asked before anything of it is parsed.
 *
 * @param body the raw bytes, as they came
 * @param signature the header `x-hub-signature-256`
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export function isAuthentic(body: Uint8Array, signature: string | undefined, secret: string): boolean {
  const given = /^sha256=([0-9a-f]{64})$/.exec(signature ?? '')?.[1];
  // Anyone can sign with no secret.
  if (given === undefined || secret === '') return false;
  return timingSafeEqual(Buffer.from(given, 'hex'), createHmac('sha256', secret).update(body).digest());
}

/**
 * What an authentic delivery wakes; null for an event that is about nothing of ours, and for a body out of shape.
 *
 * @param event the header `x-github-event`
 * @param apps null where nothing is known of an apps repo on the same server
 */
export function webhookTrigger(event: string, body: Uint8Array, apps: AppsBranch | null): Trigger | null {
  let payload: Fields;
  try {
    payload = fields(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)));
  } catch {
    return null;
  }
  const { name } = fields(payload['repository']);
  const { login } = fields(fields(payload['repository'])['owner']);
  if (typeof name !== 'string' || typeof login !== 'string') return null;
  const repository = { owner: login, name };
  const own = apps !== null && isSameRepository(apps, repository) ? apps : null;
  if (event === 'push') return own && pushed(payload, own);
  if (event === 'pull_request') {
    const pull = fields(payload['pull_request']);
    return own !== null && isProposal(payload, pull) ? proposal(payload, pull) : one(repository, pull['number']);
  }
  // An issue's event is about a pull request when it says so.
  const issue = fields(payload['issue']);
  const isComment = event === 'issue_comment' && issue['pull_request'] !== undefined;
  return isComment ? one(repository, issue['number']) : null;
}

function one(repository: RepositoryRef, number: unknown): Trigger | null {
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 1) return null;
  return { pulls: [{ repository, number }], sweep: false };
}

function isProposal({ repository }: Fields, { head }: Fields): boolean {
  const { ref, repo } = fields(head);
  return String(ref).startsWith(PROPOSAL_BRANCH) && fields(repo)['id'] === fields(repository)['id'];
}

/** What becomes of a proposal is told to whom it is for; its making and moving is our own doing. */
function proposal({ action }: Fields, { body }: Fields): Trigger | null {
  const subject = typeof body === 'string' && /^(closed|reopened)$/.test(String(action)) ? proposalSubject(body) : null;
  return subject && { pulls: [hintOf(subject)], sweep: false };
}

/**
 * Commits of ours are known by their trailers: those of a proposal that was merged wake whom it is for, those made by a
 * sync or a sweep were told by it. Whatever else touches previews or settings is somebody else's.
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

function hintOf({ pullRequest: { owner, name, number } }: ProposalSubject): WebhookHint {
  return { repository: { owner, name }, number };
}

type Fields = Record<string, unknown>;

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
