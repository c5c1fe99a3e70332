import { afterAll, beforeEach } from 'vitest';
import { tempFolder } from '../git.ts';
import { FakeGitHub } from './server.ts';

/** A fake for all tests of a file, which each of them finds without faults, lacks and requests. */
export async function fakeForFile(): Promise<FakeGitHub> {
  const fake = await FakeGitHub.start(tempFolder());
  afterAll(() => fake.stop());
  beforeEach(() => {
    fake.fault = () => undefined;
    fake.requests.length = 0;
    fake.lacks.clear();
    fake.missing.clear();
    fake.autoMerges = new Set();
  });
  return fake;
}
