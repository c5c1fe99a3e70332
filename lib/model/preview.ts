import * as z from 'zod';
import { placeholderProblem } from './placeholders.ts';
import { APP_FIELDS, appSchema, checkApp, withTemplateDefaults, words } from './preview/app.ts';
import { API_VERSION, bounded, duration } from './scalars.ts';
import { templateOf } from './templates/index.ts';

export type { AppSpec } from './preview/app.ts';

/**
 * Reserved app names, since they would set existing variables: `MAIN_URL` is the first app's URL, `PREVIEW_URL` the
 * preview's.
 */
const RESERVED_APPS = ['main', 'preview'];

/** Names of containers that a pod may already have. */
const RESERVED_CONTAINERS = ['app', 'release'];

const appName = bounded(
  40,
  /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
  'must be lower-case letters, digits and dashes, and start with a letter',
).refine((name) => !RESERVED_APPS.includes(name), `must be another one than ${RESERVED_APPS.join(' and ')}`);

const resourceName = bounded(
  20,
  /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
  'must be at most 20 lower-case letters, digits and dashes, and start with a letter',
);

const previewSpec = z
  .strictObject({
    ...APP_FIELDS,
    apps: z
      .record(appName, appSchema)
      .default({})
      .meta({
        examples: [{ mailer: { template: 'worker', image: 'ghcr.io/acme/shop', command: ['node', 'worker.js'] } }],
        description:
          'More apps of the same preview, by name, with the same fields. They reach each other by <NAME>_URL in the environment, the first one by MAIN_URL. Default: none.',
      }),
    resources: z
      .record(
        resourceName,
        z.strictObject({
          type: z
            .string()
            .max(63)
            .meta({ description: 'A type that the platform offers, e.g. postgres, redis, mysql.' }),
          seed: words.optional().meta({
            description:
              "Command that runs once on the empty database, after `release`, with the first app's image and environment.",
          }),
        }),
      )
      .default({})
      .meta({
        description:
          'Services such as databases, empty at each start. Their addresses are in the environment of all apps (DATABASE_URL, REDIS_URL, <NAME>_HOST and the like). Default: none.',
        examples: [{ db: { type: 'postgres', seed: ['npm', 'run', 'seed'] } }],
      }),
    paths: z
      .array(
        bounded(
          200,
          /^(?!\/)(?!.*(^|\/)\.{1,2}(\/|$))[A-Za-z0-9._/*@+-]+$/,
          'must be a pattern of files such as web/**, from the root of the repository',
        ),
      )
      .min(1)
      .max(50)
      .optional()
      .meta({
        description:
          'Only pull requests that change one of these files get a preview; * matches a part of a name, ** any folders. Default: all.',
        examples: [['web/**']],
      }),
    ttl: duration.optional().meta({
      description: "How long the preview lives after the last push. Default: the platform's `ttl.default`.",
      examples: ['8h', '2d'],
    }),
    manifests: bounded(
      200,
      /^(?!\/)(?!.*(^|\/)(\.{1,2})?(\/|$))[A-Za-z0-9._/-]+$/,
      'must be a folder inside the repository, without a slash at its end, such as deploy',
    )
      .optional()
      .meta({
        description: 'A folder with your own plain Kubernetes YAML, checked by the same rules. Default: none.',
        examples: ['manifests/preview'],
      }),
  })
  .superRefine((spec, context) => {
    checkApp(spec, context);
    checkRoutes(spec, context);
    for (const [name, { seed = [] }] of Object.entries(spec.resources)) {
      seed.forEach((text, i) => {
        const message = placeholderProblem(text);
        if (message !== undefined) context.addIssue({ code: 'custom', path: ['resources', name, 'seed', i], message });
      });
    }
    const seeds = Object.entries(spec.resources).flatMap(([name, { seed }]) => (seed ? [`seed-${name}`] : []));
    const taken = [...RESERVED_CONTAINERS, ...RESERVED_APPS, ...seeds, ...Object.keys(spec.apps)];
    for (const name of Object.keys(spec.resources)) {
      if (!taken.includes(name)) continue;
      context.addIssue({
        code: 'custom',
        path: ['resources', name],
        message: 'has a name that is taken; choose another',
      });
    }
  })
  .transform((spec) => {
    const app = withTemplateDefaults(spec);
    return { ...app, path: templateOf(spec.template).isRouted ? (spec.path ?? '/') : undefined };
  });

interface Routed {
  readonly template: Parameters<typeof templateOf>[0];
  readonly path?: string | undefined;
}

/** Each path must lead to only one app. */
function checkRoutes(
  spec: Routed & { readonly apps: Readonly<Record<string, Routed>> },
  context: z.RefinementCtx,
): void {
  const first = templateOf(spec.template).isRouted ? (spec.path ?? '/') : undefined;
  const claims = new Map(first === undefined ? [] : [[normal(first), 'the first app']]);
  for (const [name, { path }] of Object.entries(spec.apps)) {
    if (path === undefined) continue;
    const claimed = claims.get(normal(path));
    claims.set(normal(path), name);
    if (claimed === undefined) continue;
    const message = `already leads to ${claimed}; found ${path}. Give each app its own path`;
    context.addIssue({ code: 'custom', path: ['apps', name, 'path'], message });
  }
}

/** Some proxies ignore the case of paths and others do not. */
function normal(path: string): string {
  return path.replace(/(?<=.)\/$/, '').toLowerCase();
}

/** `preview.yaml`: everything that a maker writes. */
export const previewSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Preview'),
  spec: previewSpec,
});

/** A preview.yaml with defaults filled in. */
export type Preview = z.output<typeof previewSchema>;
/** The `spec` of a preview.yaml with defaults filled in. */
export type PreviewSpec = Preview['spec'];

/** The `spec` of a preview.yaml before defaults are filled in. */
export type PreviewSpecInput = z.input<typeof previewSpec>;
