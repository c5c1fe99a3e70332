import { vi } from 'vitest';

// The suites of sync and sweep as they are, with GitHub in the place of the local forge and the bare repository.
vi.mock('../support/world.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../support/world.ts')>();
  const { overGitHub } = await import('../support/fake-github/world.ts');
  return { ...original, World: overGitHub(original.World) };
});

await import('../sync/sync.test.ts');
await import('../sync/sweep.test.ts');
