import * as z from 'zod';
import { bounded } from '../scalars.ts';
import { section } from './section.ts';

// Which pull requests of a source get a preview.

const labelNames = z.array(z.string().max(50)).min(1).max(50).optional();

const pattern = (what: string) => bounded(200, /^[!-~]+$/, `must be ${what}; * matches any part of it`);

/** Git allows no branch name with these characters, so no pull request could match. Source: git-check-ref-format(1) */
const branch = pattern('the name of a branch').refine(
  (text) => !/[~^:?[\\]|\.\.|@\{|\/$|^refs\/heads\//.test(text),
  'must be the name of a branch, without refs/heads/ and without ~ ^ : ? [ \\ ..; * matches any part of it',
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
  any: labelNames.meta({
    description: 'The pull request needs at least one of these. Default: not checked.',
    examples: [['preview', 'demo']],
  }),
  all: labelNames.meta({
    description: 'The pull request needs all of these. Default: not checked.',
    examples: [['ready']],
  }),
  none: labelNames.meta({
    description: 'The pull request must have none of these. Default: not checked.',
    examples: [['no-preview']],
  }),
})
  .superRefine(({ any, all, none }, context) => refuseBoth({ any, all }, none, 'none', context))
  .meta({ description: 'Labels that a pull request must have, or must not have.' });

export const branchFilter = z
  .array(branch)
  .min(1)
  .max(50)
  .optional()
  .meta({
    description: 'Only pull requests into one of these branches; * matches any part of a name. Default: all.',
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
    .meta({ description: 'No pull requests of these accounts. Default: none.', examples: [['intern-*']] }),
  bots: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether pull requests that a program opened get a preview, such as those of Renovate.' }),
})
  .superRefine(({ only, except }, context) => refuseBoth({ only }, except, 'except', context))
  .meta({ description: 'Whose pull requests get a preview.' });
