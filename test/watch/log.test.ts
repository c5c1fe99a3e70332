import { describe, expect, test } from 'vitest';
import { crashedIn } from '../../lib/status/objects/pods.ts';
import type { PodLike } from '../../lib/status/objects/types.ts';
import type { Observation } from '../../lib/status/observation.ts';
import { ApiError } from '../../lib/watch/api.ts';
import { lastLines } from '../../lib/watch/log.ts';

const seen = (reason: string): Observation => ({
  ...{ source: 'cluster', headSha: 'a'.repeat(40), at: 1, condition: 'not-working', reason },
});

const crashing: PodLike = {
  metadata: { name: 'pr-shop-7-b', creationTimestamp: '2026-11-30T10:00:00Z' },
  status: {
    containerStatuses: [
      { name: 'proxy', ready: true, restartCount: 0, state: { running: {} } },
      {
        name: 'app',
        ready: false,
        restartCount: 4,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 1 } },
      },
    ],
  },
};
const older: PodLike = {
  metadata: { name: 'pr-shop-7-a', creationTimestamp: '2026-11-30T09:00:00Z' },
  status: { containerStatuses: [{ name: 'app', state: { terminated: { exitCode: 1 } } }] },
};

/** An API server that answers everything with one text, and what it was asked. */
function api(answer: string | ApiError) {
  const asked: string[] = [];
  const text = async (path: string, query: Readonly<Record<string, string>>) => {
    asked.push(`${path}?${new URLSearchParams(query)}`);
    if (answer instanceof ApiError) throw answer;
    return answer;
  };
  return { asked, text };
}

describe('the last lines', () => {
  test('are those of the container that ended, of the newest pod, of the run before this one', async () => {
    const server = api('Error: no A\npassword=hunter2\n\nbye\n');
    const lines = await lastLines(server, 'pr-shop-7', [older, crashing], seen('exits'));
    expect(lines).toEqual(['Error: no A', '(a line that may contain a credential is not shown)', 'bye']);
    expect(server.asked).toEqual([
      '/api/v1/namespaces/pr-shop-7/pods/pr-shop-7-b/log?container=app&previous=true&tailLines=20&limitBytes=65536',
    ]);
  });

  test('are of this run while it has just ended', () => {
    expect(crashedIn([older])).toEqual({ pod: 'pr-shop-7-a', container: 'app', isPrevious: false });
  });

  test('of an init container that did its work are not asked for', () => {
    const done = { name: 'release', ready: true, state: { terminated: { exitCode: 0 } } };
    const pod = { ...crashing, status: { ...crashing.status, initContainerStatuses: [done] } };
    expect(crashedIn([pod])?.container).toBe('app');
  });

  test.each(['image-missing', 'no-answer-port', 'secret-missing', 'no-room'])('explain no %s', async (reason) => {
    const server = api('x');
    expect(await lastLines(server, 'pr-shop-7', [crashing], seen(reason))).toEqual([]);
    expect(server.asked).toEqual([]);
  });

  test.each([403, 404, 400])('that may not be read, or are gone (%i), hold nothing up', async (status) => {
    expect(await lastLines(api(new ApiError(status, 'no')), 'pr-shop-7', [crashing], seen('exits'))).toEqual([]);
  });

  test('are asked for again where nobody answers', async () => {
    const down = api(new ApiError(0, 'connection refused'));
    await expect(lastLines(down, 'pr-shop-7', [crashing], seen('exits'))).rejects.toThrow('connection refused');
  });
});
