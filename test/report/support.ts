import type { Finding } from '../../lib/core/finding.ts';
import { EVERYTHING } from '../../lib/forge/capabilities.ts';
import { gitHubPages } from '../../lib/github/pages.ts';
import { renderComment } from '../../lib/report/comment.ts';
import type { LivePreview, PreviewState, ReportOptions, Subject } from '../../lib/report/state.ts';
import type { Observation } from '../../lib/status/observation.ts';
import { type Known, type Status, statusOf } from '../../lib/status/status.ts';

export const EXPIRES = Date.UTC(2026, 10, 6, 17) / 1000;
export const NOW = EXPIRES - 3 * 86_400;

export const live: LivePreview = {
  name: 'pr-shop-7',
  url: 'https://pr-shop-7.apps.example.com',
  headSha: 'a1b2c3d'.padEnd(40, '0'),
  created: NOW - 2 * 86_400,
  expires: EXPIRES,
  cost: { currency: 'USD', perDay: 0.3, ratesAsOf: '2026-03' },
};

export const subject: Subject = {
  repository: 'acme/shop',
  number: 7,
  title: 'Fix header',
  headSha: live.headSha,
  branch: 'fix-header',
};

export const options: ReportOptions = {
  contact: '@platform',
  now: NOW,
  warn: 4 * 3600,
  max: 72 * 3600,
  pages: gitHubPages('https://github.example.com'),
  can: EVERYTHING,
};

export const finding: Finding = {
  rule: 'max-size',
  severity: 'deny',
  message: 'Choose a smaller size, or ask @platform.',
  file: 'preview.yaml',
  line: 6,
  column: 3,
  object: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'pr-shop-7' },
  field: 'spec.template.spec.containers[0].resources',
};

export const seenReady: Observation = {
  source: 'cluster',
  headSha: live.headSha,
  at: NOW - 60,
  condition: 'ready',
};

/** What is known of {@link live}. @param seen null: nobody has looked */
export function statusFor(seen: Observation | null, more: Partial<Known> = {}): Status {
  const known = { now: NOW, headSha: live.headSha, committedAt: NOW - 600, earlier: null, contact: '@platform' };
  return statusOf({ ...known, seen, ...more });
}

export interface Given {
  readonly subject?: Partial<Subject>;
  readonly options?: Partial<ReportOptions>;
  readonly previous?: string | null;
  /** @default - it was seen to answer, where there is one */
  readonly status?: Status | null;
}

export function comment(state: PreviewState, given: Given = {}): string {
  const isThere = state.state === 'committed' || ('live' in state && state.live !== null);
  const text = renderComment(
    state,
    given.status === undefined ? (isThere ? statusFor(seenReady) : null) : given.status,
    { ...subject, ...given.subject },
    { ...options, ...given.options },
    given.previous ?? null,
  );
  if (text === null) throw new Error('there is no comment');
  return text;
}
