import type { RawAnswer } from './answer.ts';
import { missingPermission, needOf, permissionLabel } from './permissions.ts';

/** GitHub's error messages, and what the user can do about each, as the end of a sentence. */
const KNOWN: readonly (readonly [words: RegExp, advice: string])[] = [
  // GitHub answers 403 here, as for a missing permission.
  [/archived/i, 'nothing can be written there until somebody unarchives it'],
  [
    /SAML|single sign-on/i,
    'the organization requires single sign-on: authorize the token for it (Settings, Developer settings, the token, "Configure SSO")',
  ],
  [
    /IP allow list|IP address is not permitted/i,
    'the organization only allows known IP addresses: add the address of this machine to its IP allow list',
  ],
  [/App access restrictions/i, 'the organization has to approve the application that the token belongs to'],
  [/lifetime is greater than/i, 'create a token with a shorter lifetime: the organization limits it'],
  [
    /forbids access via a/i,
    'the organization does not accept tokens of this kind: use a fine-grained one or a GitHub App',
  ],
  [
    /(?<!branch )is locked|locked conversation/i,
    'unlock the conversation, or give the account the right to write to the repository',
  ],
  [
    /without `?workflows?`? (permission|scope)/i,
    'it touches .github/workflows: give the permission "Workflows: write" there',
  ],
  [
    /push protection|secret detected|contain secrets|GH013.*secret/is,
    'push protection found something that looks like a secret: remove it from the file that the message names',
  ],
  [/account (was|is) suspended/i, 'the account is suspended: ask GitHub, or use another one'],
  [/installation has been suspended/i, 'an owner can resume the GitHub App there (Settings, GitHub Apps)'],
  [
    /limited the ability to/i,
    'the repository limits who may write there for a time (Settings, Moderation options): make the account a collaborator, or wait',
  ],
  [/user is blocked|has blocked you/i, 'an owner there has blocked the account: unblock it, or use another one'],
  [
    /Enterprise Managed User/i,
    'such an account only reaches repositories of its own enterprise: use one that belongs there, or a GitHub App',
  ],
  [
    /repository (has been|is) disabled|access blocked|DMCA takedown/i,
    'GitHub has closed the repository: its owner can read why on its page',
  ],
];

function knownAdvice(words: string): string | null {
  return KNOWN.find(([pattern]) => pattern.test(words))?.[1] ?? null;
}

/** Whether GitHub's message has a reason of its own, whatever rule or permission it is reported with. */
export function isKnownRefusal(words: string): boolean {
  return knownAdvice(words) !== null;
}

/** GitHub's message, followed by what to do about it if that is known. */
export function withAdvice(words: string): string {
  const advice = knownAdvice(words);
  return advice === null ? words : `${words.replace(/\.$/, '')}; ${advice}`;
}

/** GraphQL fields, and the permission that each needs. */
const FIELDS: Readonly<Record<string, readonly [permission: string, access: string]>> = {
  status: ['statuses', 'read'],
  deployments: ['deployments', 'read'],
  object: ['contents', 'read'],
  ref: ['contents', 'read'],
  refs: ['contents', 'read'],
  defaultBranchRef: ['contents', 'read'],
  file: ['contents', 'read'],
  history: ['contents', 'read'],
  comments: ['pull_requests', 'read'],
  reviewThreads: ['pull_requests', 'read'],
  pullRequest: ['pull_requests', 'read'],
  pullRequests: ['pull_requests', 'read'],
};

/**
 * What to do about a refusal, as the end of a sentence. A permission is named only if GitHub says that one is missing.
 * Which one follows from GitHub's header, from the refused field, or from what the call is known to need.
 *
 * @param words GitHub's message
 * @param path path of the field, if only a field was refused
 */
export function adviceFor(
  call: string,
  words: string,
  { headers }: Pick<RawAnswer, 'headers'>,
  path: readonly (string | number)[] = [],
): string | null {
  const known = knownAdvice(words);
  if (known !== null) return known;
  const accepted = headers['x-accepted-github-permissions'];
  if (accepted === undefined && !/not accessible by|must have admin rights/i.test(words)) return null;
  const field = path.findLast((name) => Object.hasOwn(FIELDS, name));
  const isRead = needOf(call)?.access === 'read';
  const missing =
    field !== undefined && isRead
      ? permissionLabel(...FIELDS[field]!)
      : missingPermission(call, accepted === undefined ? undefined : String(accepted));
  return missing === undefined ? 'a permission for it is missing' : `it needs the permission "${missing}" there`;
}

/** What is wrong with the credentials, as the end of a sentence; null if GitHub's message does not say. */
export function credentialAdvice(words: string): string | null {
  if (/(expiration time|issued at|'exp'|'iat')/i.test(words)) return 'the clock of this machine is wrong; correct it';
  if (/'Issuer'|'iss'/.test(words)) return 'GITHUB_APP_ID is not the id of the App: its page shows it';
  if (/JSON web token could not be decoded|signature/i.test(words)) {
    return 'the private key does not belong to the App in GITHUB_APP_ID';
  }
  return null;
}
