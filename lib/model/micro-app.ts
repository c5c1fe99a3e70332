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

const microAppSpec = z.strictObject({
  repository: bounded(
    200,
    /^[A-Za-z0-9][A-Za-z0-9-]*(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+){1,9}$/,
    'must be one repository as owner/name',
  ).meta({ description: 'Whose previews it is about, as owner/name.', examples: ['acme/shop'] }),
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
    /^[^\s"'`<>\\]+$/,
    'must be an account such as @mia, a team such as @acme/web, or an address',
  ).meta({ description: 'Who is responsible for it: an account, a team or an address.', examples: ['@acme/web'] }),
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

/**
 * @param file path in the apps repo
 * @throws GreenroomError `invalid-input` with every problem of the file
 */
export function loadMicroApp(text: string, file: string): Loaded<z.output<typeof microAppSchema>> {
  return loadDocument(microAppSchema, text, file);
}
