import * as z from 'zod';
import { type Loaded, loadDocument } from './load.ts';
import { API_VERSION, bounded } from './scalars.ts';

/** Registrations in the apps repo. */
export const MICRO_APPS_GLOB = 'apps/**';

/** `apps/<owner>/<repo>.yaml` */
export function microAppFile(repository: string): string {
  return `apps/${repository}.yaml`;
}

/** A valid Kubernetes label value, since reports and bills are grouped by it. */
const label = bounded(
  63,
  /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/,
  'must be letters, digits, dots, dashes and underscores',
);

/**
 * Who may be an owner: what CODEOWNERS takes (an account, a team, an email address), and what Backstage calls its
 * groups and users. Anything else names nobody whom a program could ask.
 *
 * Source: docs.github.com, "About code owners"; docs.gitlab.com, "Code Owners"; backstage.io, "Entity references"
 */
const OWNER =
  /^(@[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*|(group|user):([A-Za-z0-9][A-Za-z0-9._-]*\/)?[A-Za-z0-9][A-Za-z0-9._-]*|[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)$/;

/** The same for forms that are not ours, as a JSON Schema. */
export const OWNER_PATTERN = OWNER.source.replaceAll('\\/', '/');

const microAppSpec = z.strictObject({
  repository: bounded(
    200,
    /^[A-Za-z0-9][A-Za-z0-9-]*(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+){1,9}$/,
    'must be one repository as owner/name',
  ).meta({ description: 'The repository, as owner/name.', examples: ['acme/shop'] }),
  repositoryId: z
    .int()
    .positive()
    .optional()
    .meta({
      description:
        "The forge's number of it: then another repository under the same name is not registered. Default: any.",
      examples: [123456],
    }),
  owner: bounded(
    100,
    OWNER,
    "must be an account such as @mia, a team such as @acme/web, an email address, or Backstage's group:default/web",
  ).meta({
    description: "Who is responsible for it: an account, a team, an email address, or a group or user of Backstage's.",
    examples: ['@acme/web'],
  }),
  team: label.optional().meta({ description: 'Team, for labels and reports. Default: none.', examples: ['web'] }),
  costCentre: label
    .optional()
    .meta({ description: 'Who pays, for labels and reports. Default: none.', examples: ['CC-1234'] }),
  secretsPrefix: bounded(
    200,
    /^(?!(.*\/)?\.{1,2}\/)[A-Za-z0-9._/-]+\/$/,
    'must be a path without . and .. that ends in a slash, such as acme/shop/',
  )
    .optional()
    .meta({
      description: "Where its secrets begin in the store. Default: the platform's `secrets.prefix`.",
      examples: ['acme/shop/'],
    }),
  budget: z
    .number()
    .positive()
    .optional()
    .meta({
      description: "What its previews may cost a month, in the platform's currency. Default: none.",
      examples: [50],
    }),
});

/** `apps/<owner>/<repo>.yaml`: a repository that the platform team has registered, and who pays for its previews. */
export const microAppSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('MicroApp'),
  spec: microAppSpec,
});

export type MicroApp = z.output<typeof microAppSpec>;

/** Why a value cannot be that setting of a registration; undefined if it can. */
export function microAppProblem(name: keyof MicroApp, value: unknown): string | undefined {
  return microAppSpec.shape[name].safeParse(value).error?.issues[0]?.message;
}

/**
 * @param file path in the apps repo
 * @throws GreenroomError `invalid-input` with every problem of the file
 */
export function loadMicroApp(text: string, file: string): Loaded<z.output<typeof microAppSchema>> {
  return loadDocument(microAppSchema, text, file);
}
