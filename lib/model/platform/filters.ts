import * as z from 'zod';
import { bounded } from '../scalars.ts';
import { section } from './section.ts';

// Which pull requests of a source get a preview.

const labelNames = z.array(z.string().max(50)).min(1).max(50).optional();

const pattern = (what: string) => bounded(200, /^[!-~]+$/, `must be ${what}; * stands for any part of it`);

/** Git allows no branch name with these characters, so no pull request could match. Source: git-check-ref-format(1) */
const branch = pattern('the name of a branch').refine(
  (text) => !/[~^:?[\\]|\.\.|@\{|\/$|^refs\/heads\//.test(text),
  'must be the name of a branch, without refs/heads/ and without ~ ^ : ? [ \\ ..; * stands for any part of it',
);

/** Reports names that are both wanted and refused. */
function refuseBoth(
  wanted: Readonly<Record<string, readonly string[] | undefined>>,
  refused: readonly string[] | undefined,
  field: string,
  context: z.core.$RefinementCtx,
): void {
  const never = new Set(refused?.map((name) => name.toLowerCase()));
  for (const [list, names = []] of Object.entries(wanted)) {
    for (const [i, name] of names.entries()) {
      if (!never.has(name.toLowerCase())) continue;
      context.addIssue({ code: 'custom', path: [list, i], message: `is under ${field} as well; found "${name}"` });
    }
  }
}

export const labelFilter = section({
  any: labelNames.meta({ description: 'At least one of these. Default: not asked.', examples: [['preview', 'demo']] }),
  all: labelNames.meta({ description: 'Each of these. Default: not asked.', examples: [['ready']] }),
  none: labelNames.meta({ description: 'None of these. Default: not asked.', examples: [['no-preview']] }),
})
  .superRefine(({ any, all, none }, context) => refuseBoth({ any, all }, none, 'none', context))
  .meta({ description: 'Labels that a pull request has to have, or must not have.' });

export const branchFilter = z
  .array(branch)
  .min(1)
  .max(50)
  .optional()
  .meta({
    description: 'Only pull requests into one of these branches; * stands for any part of a name. Default: all.',
    examples: [['main', 'release/*']],
  });

export const authorFilter = section({
  only: z
    .array(pattern('a login'))
    .min(1)
    .max(500)
    .optional()
    .meta({ description: 'Only pull requests of these accounts. Default: all.', examples: [['mia', 'jo-*']] }),
  except: z
    .array(pattern('a login'))
    .min(1)
    .max(500)
    .optional()
    .meta({ description: 'None of these accounts. Default: nobody.', examples: [['intern-*']] }),
  bots: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether pull requests that a program opened get a preview, such as those of Renovate.' }),
})
  .superRefine(({ only, except }, context) => refuseBoth({ only }, except, 'except', context))
  .meta({ description: 'Whose pull requests get a preview.' });
