import type { RawAnswer } from './answer.ts';
import { missingPermission, needOf, permissionLabel } from './permissions.ts';

/** What GitHub's words for a refusal mean for whom runs this, as the end of a sentence. */
const KNOWN: readonly (readonly [words: RegExp, advice: string])[] = [
  // It has the status of a missing permission, whatever the token may do.
  [/archived/i, 'nothing can be written there until somebody unarchives it'],
  [
    /SAML|single sign-on/i,
    'the organization asks for single sign-on: authorize the token for it (Settings, Developer settings, the token, "Configure SSO")',
  ],
  [
    /IP allow list|IP address is not permitted/i,
    'the organization lets only known addresses in: put the address of this machine on its IP allow list',
  ],
  [/App access restrictions/i, 'the organization has to approve the application that the token belongs to'],
  [/lifetime is greater than/i, 'make a token with a shorter life: the organization limits it'],
  [
    /forbids access via a/i,
    'the organization does not take tokens of this kind: use a fine-grained one or a GitHub App',
  ],
  [
    /is locked|locked conversation/i,
    'unlock the conversation, or give the account the right to write to the repository',
  ],
  [
    /without `?workflows?`? (permission|scope)/i,
    'it touches .github/workflows: give the permission "Workflows: write" there',
  ],
  [
    /push protection|secret detected|contain secrets|GH013.*secret/is,
    'its push protection takes something in it for a secret: take that out of the file that it names',
  ],
  [/account (was|is) suspended/i, 'the account is suspended: ask GitHub, or use another one'],
];

/** Where a part of an answer was refused, what it needs: by the last name of its path that is known. */
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
 * What to do about a refusal, as the end of a sentence. A permission is named only where GitHub says that one is missing:
 * by its own header, by the place in the answer that was refused, or by what the call is known to need.
 *
 * @param words GitHub's own
 * @param path of the field that was refused, where only that was
 */
export function adviceFor(
  call: string,
  words: string,
  { headers }: Pick<RawAnswer, 'headers'>,
  path: readonly (string | number)[] = [],
): string | null {
  const known = KNOWN.find(([pattern]) => pattern.test(words));
  if (known !== undefined) return known[1];
  const accepted = headers['x-accepted-github-permissions'];
  if (accepted === undefined && !/not accessible by/i.test(words)) return null;
  const field = path.findLast((name) => Object.hasOwn(FIELDS, name));
  const isRead = needOf(call)?.access === 'read';
  const missing =
    field !== undefined && isRead
      ? permissionLabel(...FIELDS[field]!)
      : missingPermission(call, accepted === undefined ? undefined : String(accepted));
  return missing === undefined ? 'a permission for it is missing' : `it needs the permission "${missing}" there`;
}

/** What is wrong with the proof of who asks, as the end of a sentence; null where GitHub's words tell no more. */
export function credentialAdvice(words: string): string | null {
  if (/(expiration time|issued at|'exp'|'iat')/i.test(words)) return 'the clock of this machine is wrong; set it right';
  if (/JSON web token could not be decoded|signature/i.test(words)) {
    return 'the private key is not one of the App that GITHUB_APP_ID names';
  }
  return null;
}
