import { afterAll, describe } from 'vitest';
import { LocalForge } from '../../lib/forge/local.ts';
import { GitHubForge } from '../../lib/github/forge.ts';
import { clientOf } from '../support/fake-github/client.ts';
import { FakeGitHub } from '../support/fake-github/server.ts';
import { TestForge } from '../support/forge.ts';
import { MemoryForge } from '../support/memory/forge.ts';
import { forgeContract } from './contract.ts';

const started: FakeGitHub[] = [];
afterAll(() => Promise.all(started.map((fake) => fake.stop())));

describe('the local forge', () => {
  forgeContract(async () => {
    const on = new TestForge();
    return { on, forge: new LocalForge(on.path) };
  });
});

describe('GitHub', () => {
  forgeContract(async () => {
    const on = new TestForge();
    const fake = await FakeGitHub.start(on.path);
    started.push(fake);
    return { on, forge: new GitHubForge(clientOf(fake)) };
  });
});

describe('the forge in memory', () => {
  forgeContract(async () => {
    const on = new MemoryForge();
    return { on, forge: on };
  });
});
