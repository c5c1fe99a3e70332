import { namesOf } from '../../../lib/core/repository.ts';
import type { CommandReaction, OverrideRequest, PullRequest } from '../../../lib/forge/forge.ts';
import type { Person, Saying, Variant } from './steps.ts';

const HOUR = 3600;
/** Clocks may differ by ten minutes. */
export const GRACE = 600;

/** The platform of all sequences. */
export const DEFAULT_TTL = 12 * HOUR;
export const MAX_TTL = 24 * HOUR;
export const PLACES = 3;
const PLATFORM = `apiVersion: greenroom.dev/v1alpha1
kind: Platform
spec:
  domain: apps.example.com
  sources: [{ owner: acme }, { owner: partner, label: preview }]
  registries: [ghcr.io/acme]
  ttl: { default: 12h, max: 24h }
`;
const LIMIT = `  slots: { total: ${PLACES} }\n`;
const REVIEW = '  commit: { mode: pull-request }\n';

export function platformOf({ limited, review }: { readonly limited: boolean; readonly review: boolean }): string {
  return PLATFORM + (limited ? LIMIT : '') + (review ? REVIEW : '');
}

/**
 * What should lie in the apps repo for a pull request in this state, said as the rule and with nothing of lib/:
 * `none`; `earlier`, which is what was there before, until its own end; or `preview`, that of the head.
 */
export type Wish = 'none' | 'earlier' | 'preview';

export function wish(pull: PullRequest, variant: Variant, now: number): Wish {
  if (!isEligible(pull) || pull.override?.action === 'stop' || variant === 'none') return 'none';
  if (isOver(pull, variant, now - GRACE)) return 'none';
  // Clocks differ: what runs is given that time, and nothing is started any more.
  if (isOver(pull, variant, now)) return 'earlier';
  return compiles(variant) ? 'preview' : 'earlier';
}

/** Whether the time of a head is up, where its file says enough to know. */
function isOver(pull: PullRequest, variant: Variant, now: number): boolean {
  return (compiles(variant) || variant === 'foreign') && now >= endOf(pull, variant);
}

/** Whether the repository is one of the platform's. */
export function isSource({ repository }: PullRequest): boolean {
  const { owner } = namesOf(repository);
  return owner === 'acme' || owner === 'partner';
}

export function isEligible(pull: PullRequest): boolean {
  if (!isSource(pull) || pull.state === 'closed' || pull.draft) return false;
  if (namesOf(pull.repository).owner === 'partner' && !pull.labels.includes('preview')) return false;
  return pull.head.repositoryId === pull.repository.id;
}

function compiles(variant: Variant): boolean {
  return variant === 'service' || variant === 'site';
}

/** When the preview of a head that compiles ends. */
function endOf({ createdAt, updatedAt, head, override }: PullRequest, variant: Variant): number {
  const pushed = Math.min(Math.max(head.committedAt ?? createdAt, createdAt), updatedAt);
  const ttl = variant === 'site' ? 6 * HOUR : DEFAULT_TTL;
  const since = override?.action === 'start' ? Math.max(pushed, override.at) : pushed;
  return Math.max(since + ttl, extendedUntil(override));
}

/** The later end that was asked for at this head, also where it was stopped and started again since; 0 for none. */
function extendedUntil(override: PullRequest['override']): number {
  return override === null || override.until === null ? 0 : Math.min(override.until, override.at + MAX_TTL);
}

/** Who may push, by the forge's own permissions, and is no program. */
export const PERMISSIONS: Readonly<Record<Person, string>> = {
  mia: 'write',
  ada: 'admin',
  eve: 'read',
  'helper[bot]': 'admin',
};

export function isBot(who: string): boolean {
  return who.endsWith('[bot]');
}

export function mayAsk(who: string): boolean {
  return who === 'mia' || who === 'ada';
}

/** A comment is acted on for a day. */
export const COMMENT_AGE = 24 * HOUR;

export type Meaning = 'stop' | 'retry' | 'keep' | 'look' | 'misspelt' | 'nothing' | { readonly extend: number };

/** What a comment asks for: its last command. */
export const MEANINGS: Readonly<Record<Saying, Meaning>> = {
  stop: 'stop',
  retry: 'retry',
  extend: { extend: 3 * HOUR },
  longer: { extend: 100 * 24 * HOUR },
  keep: 'keep',
  status: 'look',
  both: 'stop',
  dance: 'misspelt',
  talk: 'nothing',
};

/**
 * What is to be remembered for a command at a pull request in this state; null for nothing.
 *
 * @param asked unix seconds
 */
export function wantedHold(
  pull: PullRequest,
  variant: Variant,
  meaning: Meaning,
  asked: number,
  now: number,
): Pick<OverrideRequest, 'action' | 'until'> | null {
  const isStopped = pull.override?.action === 'stop';
  const extended = extendedUntil(pull.override);
  const until = extended > asked ? extended : null;
  if (meaning === 'stop') return isStopped ? null : { action: 'stop', until };
  const hasEnded = isStopped || isOver(pull, variant, now);
  if (meaning === 'retry') return hasEnded ? { action: 'start', until } : null;
  const seconds = meaning === 'keep' ? MAX_TTL : typeof meaning === 'object' ? meaning.extend : 0;
  if (seconds === 0 || (!hasEnded && !compiles(variant))) return null;
  const end = hasEnded ? asked : endOf(pull, variant);
  const wanted = meaning === 'keep' ? asked + seconds : Math.max(end, asked) + seconds;
  const later = Math.max(extended, Math.min(wanted, asked + MAX_TTL));
  return later > end ? { action: 'extend', until: later } : null;
}

/** How a comment may be answered. */
export function answersFor(pull: PullRequest, who: string, meaning: Meaning): readonly CommandReaction[] {
  if (isBot(who) || meaning === 'nothing' || !(isSource(pull) || pull.state === 'closed')) return [];
  if (!mayAsk(who)) return ['refused'];
  if (!isEligible(pull) || meaning === 'misspelt') return ['confused'];
  // What cannot be longer, and what has no file, is refused.
  return meaning === 'stop' || meaning === 'look' ? ['done'] : ['done', 'refused'];
}
