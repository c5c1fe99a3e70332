import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tryRun } from './run.ts';

/** Puts a program out of the wheels that a requirements.txt pins by hash at `target`; no environment is needed. */
export async function programOfWheel(name: string, requirements: string, target: string): Promise<void> {
  // Beside the target, so that it can be renamed.
  const folder = mkdtempSync(join(dirname(target), `${name}-`));
  const pinned = ['--require-hashes', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check'];
  const args = ['-m', 'pip', 'install', '--quiet', ...pinned, `--target=${folder}`, `--requirement=${requirements}`];
  try {
    const result = await tryRun('python3', args, { timeoutMs: 600_000 }).catch((error: unknown) => {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      throw isMissing
        ? new Error(`${name} is installed with Python's pip, and there is no \`python3\` in PATH`)
        : error;
    });
    if (result.code !== 0) throw new Error(`python3 ${args.join(' ')}:\n${result.stderr.trim()}`);
    renameSync(join(folder, 'bin', name), target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
