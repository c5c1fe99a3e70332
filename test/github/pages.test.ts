import { describe, expect, test } from 'vitest';
import { GreenroomError } from '../../lib/core/errors.ts';
import { GitHubForge } from '../../lib/github/forge.ts';
import { pagesOf } from '../../lib/github/http/pages.ts';
import { GitHubAppsRepo } from '../../lib/github/repo/apps-repo.ts';
import { clientOf } from '../support/fake-github/client.ts';
import { fakeForFile } from '../support/fake-github/fixture.ts';
import { TestForge } from '../support/forge.ts';
import fc from '../support/property.ts';
import { reportOf } from '../support/report.ts';

const CURSORS = ['a', 'b', 'c'];
const pageInfo = fc.record({
  hasNextPage: fc.boolean(),
  endCursor: fc.oneof(fc.constantFrom(...CURSORS), fc.constant(null)),
});
/** Lists of pages, the last of which is given for ever. */
const answers = fc.array(pageInfo, { minLength: 1, maxLength: 6 });

test('any list of pages comes to an end', async () => {
  await fc.assert(
    fc.asyncProperty(answers, async (pages) => {
      let asked = 0;
      const ask = async () => ({ pageInfo: pages[Math.min(asked++, pages.length - 1)]! });
      const seen: unknown[] = [];
      try {
        for await (const page of pagesOf('x', ask)) seen.push(page);
        expect(seen.at(-1)).toMatchObject({ pageInfo: { hasNextPage: false } });
      } catch (error) {
        expect(error).toMatchObject({ code: 'unreachable' });
      }
      expect(asked).toBeLessThanOrEqual(CURSORS.length + 1);
    }),
  );
});

test('a list whose every page has a new cursor ends as well', async () => {
  let asked = 0;
  const ask = async () => ({ pageInfo: { hasNextPage: true, endCursor: String(asked++) } });
  const all = async () => {
    for await (const _ of pagesOf('x', ask));
  };
  await expect(all()).rejects.toMatchObject({ code: 'unreachable', message: expect.stringContaining('1000 pages') });
});

/** A page of a REST list: of things, in part junk; sometimes full, sometimes no list at all. */
const entry = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.record(
    { filename: fc.constantFrom('a', 'b'), patch: fc.constantFrom('@@ -1 +1 @@', null, 7) },
    { requiredKeys: [] },
  ),
  fc.record({ context: fc.constant('greenroom/preview'), state: fc.jsonValue({ maxDepth: 0 }) }),
  fc.record({ external_id: fc.jsonValue({ maxDepth: 0 }), output: fc.jsonValue({ maxDepth: 1 }) }),
);
const restPage = fc.oneof(
  fc.array(entry, { maxLength: 4 }),
  entry.map((one) => Array<unknown>(100).fill(one)),
  fc.array(entry, { maxLength: 3 }).map((check_runs) => ({ check_runs })),
  fc.jsonValue({ maxDepth: 1 }),
);
/** GitHub lists no more; a page that is no answer at all is asked for twice more. */
const MOST_REST_PAGES = 30 + 2;
const nothing = { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };
const NO_REMARKS = {
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ data: { repository: { databaseId: 101, pullRequest: { reviewThreads: nothing } } } }),
};

describe('every listing, whatever the answers are', async () => {
  const fake = await fakeForFile();
  const on = new TestForge();
  const sha = on.repository('acme', 'shop', { 'preview.yaml': 'kind: Preview\n' });
  on.pull('acme', 'shop', { number: 7, repositoryId: 101, head: { sha, ref: 'x', repositoryId: 101 } });
  const client = clientOf(fake);
  const forge = new GitHubForge(client);
  const repository = { path: 'acme/shop', id: 101 };
  const pull = { repository, number: 7, head: { sha }, labels: [] } as never;
  const suggestion = { marker: 'm', path: 'a', startLine: 1, endLine: 1, body: 'm' };
  const report = reportOf({ environment: null, marker: 'm' });

  const all = async (items: AsyncIterable<unknown>) => {
    for await (const _ of items);
  };
  test.each<[string, () => Promise<unknown>]>([
    ['ListPulls', () => all(forge.openPullRequests('acme', ['shop']))],
    ['ListRepositories', () => all(forge.openPullRequests('acme'))],
    ['ListComments', () => forge.comments(pull)],
    ['ListReviewThreads', () => forge.publish(pull, { ...report, suggestions: [suggestion] })],
    ['ListProposals', () => new GitHubAppsRepo(client, { path: 'acme/shop' }, 'main').proposals.list()],
  ])('%s', async (operation, list) => {
    await fc.assert(
      fc.asyncProperty(answers, fc.jsonValue({ maxDepth: 1 }), async (pages, junk) => {
        let asked = 0;
        fake.fault = (request) => {
          if (request.operation !== operation) return undefined;
          const connection = { totalCount: 0, nodes: [null], pageInfo: pages[Math.min(asked++, pages.length - 1)] };
          const pullRequest = { id: 'PR', comments: connection, reviewThreads: connection };
          const found = { databaseId: 101, pullRequests: connection, refs: connection, pullRequest, name: 'shop' };
          const data = {
            repository: { ...found, owner: { login: 'acme' } },
            repositoryOwner: { repositories: connection },
          };
          return { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ data, junk }) };
        };
        await list().catch((error: unknown) => expect(error).toBeInstanceOf(GreenroomError));
        expect(asked).toBeGreaterThan(0);
        expect(asked).toBeLessThanOrEqual(CURSORS.length + 1);
      }),
      { numRuns: 30 },
    );
  });

  const check = { headSha: sha, conclusion: 'success', title: 't', summary: 's', annotations: [] } as const;
  const checked = reportOf({ environment: null, marker: 'm', check });
  test.each<[string, RegExp, readonly string[], () => Promise<unknown>]>([
    ['changed files', /\/pulls\/7\/files/, [], () => forge.changedFiles(pull)],
    ['patches', /\/pulls\/7\/files/, [], () => forge.publish(pull, { ...report, suggestions: [suggestion] })],
    ['check runs', /\/check-runs\?/, [], () => forge.publish(pull, checked)],
    ['statuses', /\/statuses\?/, ['checks'], () => forge.publish(pull, checked)],
  ])('%s over REST', async (_, path, missing, list) => {
    for (const permission of missing) fake.missing.add(permission);
    await fc.assert(
      fc.asyncProperty(fc.array(restPage, { minLength: 1, maxLength: 3 }), async (pages) => {
        let asked = 0;
        fake.fault = (request) => {
          if (request.operation === 'ListReviewThreads') return NO_REMARKS;
          if (request.method !== 'GET' || !path.test(request.path)) return undefined;
          const page = pages[Math.min(asked++, pages.length - 1)];
          return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(page) };
        };
        await list().catch((error: unknown) => expect(error).toBeInstanceOf(GreenroomError));
        expect(asked).toBeGreaterThan(0);
        expect(asked).toBeLessThanOrEqual(MOST_REST_PAGES);
      }),
      { numRuns: 60 },
    );
  });
});
