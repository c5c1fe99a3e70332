import type { PullRequest } from '../../../lib/forge/forge.ts';
import type { Variant } from './steps.ts';

const HOUR = 3600;
/** Clocks may differ by ten minutes. */
export const GRACE = 600;

/** The platform of all sequences. */
export const DEFAULT_TTL = 12 * HOUR;
export const MAX_TTL = 24 * HOUR;
export const PLACES = 3;
export const PLATFORM = `apiVersion: greenroom.dev/v1alpha1
kind: Platform
spec:
  domain: apps.example.com
  sources: [{ owner: acme }, { owner: partner, label: preview }]
  registries: [ghcr.io/acme]
  ttl: { default: 12h, max: 24h }
`;
export const LIMITED_PLATFORM = `${PLATFORM}  slots: { total: ${PLACES} }\n`;

/**
 * What should lie in the apps repo for a pull request in this state, said as the rule and with nothing of lib/:
 * `none`; `earlier`, which is what was there before, until its own end; or `preview`, that of the head.
 */
export type Wish = 'none' | 'earlier' | 'preview';

export function wish(pull: PullRequest, variant: Variant, now: number): Wish {
  const { owner } = pull.repository;
  if (pull.state === 'closed' || pull.draft) return 'none';
  if (owner !== 'acme' && !(owner === 'partner' && pull.labels.includes('preview'))) return 'none';
  if (pull.head.repositoryId !== pull.repository.id) return 'none';
  if (variant === 'none') return 'none';
  if (variant !== 'service' && variant !== 'site') return 'earlier';
  const { createdAt, updatedAt } = pull;
  const touched = Math.min(Math.max(pull.head.committedAt ?? createdAt, createdAt), updatedAt);
  return now >= touched + (variant === 'site' ? 6 * HOUR : DEFAULT_TTL) + GRACE ? 'none' : 'preview';
}
