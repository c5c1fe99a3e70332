import { expect, test } from 'vitest';
import type { PullRequest } from '../../lib/forge/forge.ts';
import { ProcessCache } from '../../lib/github/http/cache.ts';
import { Reports } from '../../lib/github/publish/reports.ts';
import { reportOf } from '../support/report.ts';

const listed = (reports: Reports, thread: string) => {
  const pull = { repository: { id: 7, path: 'acme/shop' }, number: 1 } as PullRequest;
  reports.listed(pull, thread);
  return pull;
};
const report = (comment: string) => reportOf({ comment });

test('a report stands while its comment and the thread are the same', async () => {
  const reports = new Reports(new ProcessCache(), () => 0, 'github.com');
  await reports.seen(listed(reports, '1 a'), report('ready'));
  expect(await reports.isCurrent(listed(reports, '1 a'), report('ready'))).toBe(true);
  expect(await reports.isCurrent(listed(reports, '1 a'), report('queued'))).toBe(false);
  expect(await reports.isCurrent(listed(reports, '1 b'), report('ready'))).toBe(false);
});
