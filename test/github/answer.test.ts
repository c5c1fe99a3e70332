import { vi } from 'vitest';

// The suite of commands as it is, with GitHub in the place of the local forge and the bare repository.
vi.mock('../support/world.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../support/world.ts')>();
  const { overGitHub } = await import('../support/fake-github/world.ts');
  return { ...original, World: overGitHub(original.World) };
});

await import('../sync/answer.test.ts');
