import { defineConfig } from 'vitest/config';

/** They say nothing of where things lie, and run over memory, git and GitHub. */
const suites = ['sync/sync', 'sync/sweep', 'sync/answer', 'sync/image', 'verify/previews'];
const files = (names: readonly string[]) => names.map((name) => `test/${name}.test.ts`);
/** Puts others in the place of modules, which the tests that share a process would get too. */
const mocking = files(['sync/model']);

/** Files one after another in as many processes as there are cores: what is loaded and compiled once serves them all. */
const shared = { isolate: false, setupFiles: 'test/support/setup.ts' };

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // All cores: by default one is kept free, which on two halves the speed.
    maxWorkers: '100%',
    // What a test leaves to the environment, or to chance, would differ between machines.
    env: {
      TZ: 'UTC',
      NO_COLOR: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_SYSTEM: '/dev/null',
      GREENROOM_SEED: process.env['GREENROOM_SEED'] ?? '20261124',
    },
    projects: [
      {
        extends: true,
        test: {
          ...shared,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...mocking, 'test/soak/**', 'test/conformance/**'],
          globalSetup: 'test/support/global-setup.ts',
          provide: { world: 'memory' },
        },
      },
      { extends: true, test: { ...shared, name: 'git', include: files(suites), provide: { world: 'git' } } },
      {
        extends: true,
        test: { ...shared, name: 'github', include: files([...suites, 'cli/verify']), provide: { world: 'github' } },
      },
      { extends: true, test: { name: 'model', include: mocking } },
    ],
  },
});
