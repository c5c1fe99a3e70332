import * as z from 'zod';
import { parseTime } from '../core/clock.ts';
import { API_VERSION, dnsLabel } from './scalars.ts';

const ruleId = z
  .string()
  .max(63)
  .regex(
    /^[a-z0-9]+(-[a-z0-9]+)*$/,
    'must be the id of one rule, such as run-as-non-root; an exception never covers all',
  );

const repository = z
  .string()
  .max(200)
  .regex(
    /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+){1,9}$/,
    'must be one repository as owner/name; an exception never covers all',
  );

const until = z
  .string()
  .max(40)
  .refine((text) => untilSeconds(text) !== undefined, 'must be a day such as 2026-12-31, or a time with its zone');

const exceptionSpec = z
  .strictObject({
    rule: ruleId.optional().meta({ description: 'Id of the rule that does not apply.' }),
    rules: z.array(ruleId).min(1).max(50).optional().meta({ description: 'The same for several rules.' }),
    repository: repository
      .optional()
      .meta({ description: 'Applies to every preview of this repository, as owner/name.' }),
    preview: dnsLabel.optional().meta({ description: 'Applies to this one preview, e.g. pr-shop-7.' }),
    reason: z.string().max(500).regex(/\S/, 'must give a reason').meta({ description: 'Why it is needed.' }),
    approver: z.string().max(100).optional().meta({ description: 'Who of the platform team granted it.' }),
    until: until.meta({ description: 'Last day (in UTC), or the time it ends. At most 90 days ahead.' }),
  })
  .superRefine((spec, context) => {
    if (!/\S/.test(spec.approver ?? '')) {
      context.addIssue({
        code: 'custom',
        path: ['approver'],
        message: 'must name who approved it: without an approver it does not count',
      });
    }
    if ((spec.rule === undefined) === (spec.rules === undefined)) {
      context.addIssue({ code: 'custom', message: 'must name the rules that do not apply, under rule or under rules' });
    }
    if ((spec.repository === undefined) === (spec.preview === undefined)) {
      context.addIssue({
        code: 'custom',
        message:
          spec.preview === undefined
            ? 'must name the one repository or preview that it is for; for all of them, change the rule itself'
            : 'must name a repository or a preview, not both',
      });
    }
  });

/** `exceptions/*.yaml`: rules that the platform team turns off for one repository or preview, for a while. */
export const exceptionSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Exception'),
  metadata: z
    .strictObject({ name: dnsLabel.meta({ description: 'What reports call it.' }) })
    .optional()
    .meta({ description: 'Default: named after its file, without the ending.' }),
  spec: exceptionSpec,
});

export type ExceptionDocument = z.output<typeof exceptionSchema>;

/** An exception with resolved values. Either `repository` or `preview` is set. */
export interface Exception {
  readonly name: string;
  readonly rules: readonly string[];
  /** `owner/name` */
  readonly repository?: string;
  /** `pr-shop-7` */
  readonly preview?: string;
  readonly reason: string;
  readonly approver: string;
  /** Unix seconds from which it is no longer valid. */
  readonly until: number;
  /** Path of its file, for messages. */
  readonly file: string;
}

/** @param file path of the document in the apps repo */
export function exceptionOf(document: ExceptionDocument, file: string): Exception {
  const { rule, rules, repository, preview, reason, approver, until } = document.spec;
  return {
    name: document.metadata?.name ?? file.replace(/^.*\//, '').replace(/\.[^.]*$/, ''),
    rules: rules ?? [rule as string],
    ...(repository === undefined ? {} : { repository }),
    ...(preview === undefined ? {} : { preview }),
    reason,
    approver: approver as string,
    until: untilSeconds(until) as number,
    file,
  };
}

const DAY_SECONDS = 86_400;

/** Unix seconds from which an exception is no longer valid: for a day, its end in UTC. Undefined for invalid text. */
export function untilSeconds(until: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(until)) return parseTime(until);
  const start = parseTime(`${until}T00:00:00Z`);
  // Date.parse reads 31 February as 3 March.
  if (start === undefined || new Date(start * 1000).toISOString().slice(0, 10) !== until) return undefined;
  return start + DAY_SECONDS;
}
