import { vi } from 'vitest';

// The suites of verify as they are, with GitHub in the place of the local forge.
vi.mock('../support/world.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../support/world.ts')>();
  const { overGitHub } = await import('../support/fake-github/world.ts');
  return { ...original, World: overGitHub(original.World) };
});

await import('../cli/verify.test.ts');
await import('../sync/verify.test.ts');
