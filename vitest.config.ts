import { defineConfig } from 'vitest/config';

// Functions of their arguments: nothing of them stays behind, so their files share processes, and what is loaded there.
const pure = ['compile', 'constructs', 'core', 'model', 'policies', 'report', 'scaffold'];
const files = pure.map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    testTimeout: 60_000,
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
      { extends: true, test: { name: 'pure', include: files, isolate: false } },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['test/**/*.test.ts'],
          exclude: [...files, 'test/conformance/**', 'node_modules/**'],
          globalSetup: 'test/support/global-setup.ts',
        },
      },
    ],
  },
});
