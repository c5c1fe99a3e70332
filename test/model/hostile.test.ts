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
});
