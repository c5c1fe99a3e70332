import type { Finding } from '../../lib/core/finding.ts';
import { EVERYTHING } from '../../lib/forge/capabilities.ts';
import { gitHubPages } from '../../lib/github/pages.ts';
import { renderComment } from '../../lib/report/comment.ts';
import type { LivePreview, PreviewState, ReportOptions, Subject } from '../../lib/report/state.ts';

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

export interface Given {
  readonly subject?: Partial<Subject>;
  readonly options?: Partial<ReportOptions>;
  readonly previous?: string | null;
}

export function comment(state: PreviewState, given: Given = {}): string {
  const text = renderComment(
    state,
    { ...subject, ...given.subject },
    { ...options, ...given.options },
    given.previous ?? null,
  );
  if (text === null) throw new Error('there is no comment');
  return text;
}
