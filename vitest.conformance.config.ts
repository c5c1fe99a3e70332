import { defineConfig } from 'vitest/config';

/** Their programs take minutes to build or to install on a new machine: a full run has them, a quick one does not. */
const SLOW = ['backstage', 'flux-commit-statuses', 'flux-notifications', 'monitoring', 'watch-many'].map(
  (name) => `test/conformance/${name}.test.ts`,
);

export default defineConfig({
  test: {
    include: ['test/conformance/**/*.test.ts'],
    exclude: process.env['GREENROOM_QUICK'] === '1' ? SLOW : [],
    globalSetup: 'test/support/global-setup.ts',
    // Real programs: built once, then started on free ports of the loopback. One file at a time keeps two cores honest.
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 3_000_000,
    env: { NO_COLOR: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
  },
});
