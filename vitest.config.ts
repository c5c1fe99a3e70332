import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/conformance/**', 'node_modules/**'],
    globalSetup: 'test/support/global-setup.ts',
    testTimeout: 60_000,
    // All cores: by default one is kept free, which on two halves the speed.
    maxWorkers: '100%',
    // What a test leaves to the environment would differ between machines.
    env: { TZ: 'UTC', NO_COLOR: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
  },
});
