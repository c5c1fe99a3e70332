import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './inputs.ts';

/** The command alone: the library keeps its types in a cache beside the dependencies, which both would share. */
const BUNDLE = "import('./scripts/bundle.mjs').then(({ bundle }) => bundle('dist/cli/greenroom.cjs'))";

/**
 * A built checkout of the last release, or else of the commit before this one; undefined where the history is not there. It stays in
 * the cache, so that the next run need not build it.
 */
export function earlierCheckout(): string | undefined {
  const commit = tried(['describe', '--tags', '--abbrev=0', '--match', 'v*', 'HEAD^']) ?? tried(['rev-parse', 'HEAD^']);
  const sha = commit && tried(['rev-parse', `${commit}^{commit}`]);
  if (!sha) return undefined;
  const folder = join(root, 'node_modules/.cache/greenroom-bench', sha);
  if (existsSync(join(folder, 'dist/cli/greenroom.cjs'))) return folder;
  mkdirSync(folder, { recursive: true });
  const archive = execFileSync('git', ['archive', '--format=tar', sha], { cwd: root, maxBuffer: 1 << 30 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  // Its dependencies are nearly those of this commit, and installing them takes longer than the measurement.
  if (!existsSync(join(folder, 'node_modules'))) symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const { status, stderr } = spawnSync(process.execPath, ['-e', BUNDLE], { cwd: folder, encoding: 'utf8' });
  if (status === 0) return folder;
  console.log(`  no comparison with ${commit}: it does not build (${stderr.trim().split('\n')[0]})`);
  return undefined;
}

function tried(args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
