import type { Construct } from 'constructs';
import type * as z from 'zod';
import { formatProblem, GreenroomError, type Problem } from '../core/errors.ts';

/** Collects problems of a construct's props, so that one error lists all of them. */
export class Checks {
  private readonly problems: Problem[] = [];

  /** Checks a value against a scalar of the model; `undefined` is valid, since optional props have defaults. */
  scalar(field: string, schema: z.ZodType, value: unknown): boolean {
    if (value === undefined) return true;
    const result = schema.safeParse(value);
    if (result.success) return true;
    const reasons = result.error.issues.map((issue) => issue.message).join(', ');
    return this.that(false, field, `${reasons}; found ${JSON.stringify(value)}`);
  }

  /** Records the problem unless `ok`. */
  that(ok: boolean, field: string, message: string): boolean {
    if (!ok) this.problems.push({ field, message });
    return ok;
  }

  /** @throws GreenroomError `invalid-input` with all problems, each line prefixed by the construct's path */
  throwIfAny(scope: Construct): void {
    if (this.problems.length === 0) return;
    const lines = this.problems.map((problem) => `[${scope.node.path}] ${formatProblem(problem)}`);
    throw new GreenroomError('invalid-input', lines.join('\n'), { problems: this.problems });
  }
}
