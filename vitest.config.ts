import { defineConfig } from 'vitest/config';

const files = (names: readonly string[]) => names.map((name) => `test/${name}.test.ts`);

/** Suites of commands. They say nothing of where things lie; they run over memory, git and GitHub. */
const commands = files(['sync/sync', 'sync/sweep']);
const others = files(['sync/answer', 'sync/builds', 'sync/image', 'sync/replies', 'verify/previews']);
/** Puts others in the place of modules, which tests that share a process with it would get too. */
const mocking = files(['sync/model']);
/** Random cases; `npm test` looks at a tenth of them. */
const random = [
  'cli/same-verdict',
  'compile/any-preview',
  'compile/compile',
  'core/yaml',
  'github/cache',
  'gitops/apps-repo',
  'gitops/memory',
  'model/identity',
];
random.push('model/yaml', 'policies/hostile', 'report/engineers', 'report/inert');
/** Each takes many processes or whole apps repos, and together more than a third of the time of all tests. */
const slow = files([
  'cli/action',
  'cli/new',
  'cli/new-wait',
  'cli/platform-faults',
  'cli/template-sources',
  'cli/update',
  'create/templates',
  'github/replicas',
  'github/review',
  'github/sweep-command',
  'scaffold/laid-down-command',
  'serve/processes',
]);

/** Files one after another in as many processes as there are cores: what is loaded and compiled once serves them all. */
const shared = { isolate: false, setupFiles: 'test/support/setup.ts' };
const extended = { extends: true } as const;

/** The V8 of later versions does not know it, and would not start. */
const optimizeLess = process.versions.node.startsWith('20.') ? ['--interrupt-budget=1000000'] : [];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Real time: what is waited for takes longer on a busy machine than the second that is the default.
    expect: { poll: { timeout: 30_000, interval: 20 } },
    // All cores: by default one is kept free, which on two halves the speed.
    maxWorkers: '100%',
    // Most code of a test runs a few times: to optimize it, and to collect garbage in threads, takes longer than it gains.
    execArgv: [...optimizeLess, '--max-semi-space-size=64', '--single-threaded-gc'],
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
        ...extended,
        test: {
          ...shared,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...mocking, ...slow, 'test/soak/**', 'test/conformance/**'],
          globalSetup: 'test/support/global-setup.ts',
          provide: { world: 'memory' },
        },
      },
      { ...extended, test: { ...shared, name: 'git', include: commands, provide: { world: 'git' } } },
      { ...extended, test: { name: 'model', include: mocking } },
      // What takes its time: `npm run soak`.
      {
        ...extended,
        test: {
          ...shared,
          name: 'soak-slow',
          include: slow,
          globalSetup: 'test/support/global-setup.ts',
          provide: { world: 'memory' },
        },
      },
      { ...extended, test: { ...shared, name: 'soak-git', include: others, provide: { world: 'git' } } },
      {
        ...extended,
        test: {
          ...shared,
          name: 'soak-github',
          include: [...commands, ...others, ...files(['cli/verify'])],
          provide: { world: 'github' },
        },
      },
      {
        ...extended,
        test: {
          name: 'soak',
          include: ['test/soak/**/*.test.ts', ...mocking, ...files(random)],
          setupFiles: 'test/support/setup.ts',
          globalSetup: 'test/support/global-setup.ts',
          testTimeout: 300_000,
          env: { GREENROOM_SOAK: '1' },
        },
      },
    ],
  },
});
