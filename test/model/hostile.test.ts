import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { GreenroomError } from '../../lib/core/errors.ts';
import { loadDocument } from '../../lib/model/load.ts';
import { previewSchema } from '../../lib/model/preview.ts';
import { hostilePreviews } from '../support/hostile/previews.ts';

function refusal(input: string | Uint8Array): GreenroomError {
  try {
    loadDocument(previewSchema, input, 'preview.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(GreenroomError);
    return error as GreenroomError;
  }
  throw new Error('was accepted');
}

describe('hostile preview files', () => {
  it.each(hostilePreviews())('refuses $name', ({ bytes }) => {
    const error = refusal(bytes);
    expect(error.code).toBe('invalid-input');
    expect(error.problems.length).toBeGreaterThan(0);
    expect(error.problems.length).toBeLessThanOrEqual(101);
    expect(error.message).not.toMatch(/\n\s+at /);
    // What a message repeats must not reach a terminal or a comment with anything invisible in it.
    expect(error.message).toMatch(/^[ -~\n…]*$/);
  });

  it('takes less than a second for each file, and 256 MB at most for all', async () => {
    const script = fileURLToPath(new URL('../support/hostile/budget.ts', import.meta.url));
    const args = ['--max-old-space-size=96', '--import', 'tsx', script];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { slowest, megabytes } = JSON.parse(stdout) as {
      slowest: { name: string; milliseconds: number };
      megabytes: number;
    };
    expect(slowest.milliseconds, slowest.name).toBeLessThan(1000);
    expect(megabytes).toBeLessThan(256);
  });
});
