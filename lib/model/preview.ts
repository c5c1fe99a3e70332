import * as z from 'zod';
import { API_VERSION, bounded, duration } from './scalars.ts';

export const TEMPLATES = ['static-site', 'web-service', 'function'] as const;
export type Template = (typeof TEMPLATES)[number];

const environmentName = bounded(
  128,
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  'must be letters, digits and underscores, and not start with a digit',
);

/** Bounds only: what is wrong with a reference is said when the platform's registries are at hand. */
const imageReference = bounded(512, /^[!-~]+$/, 'must be an image reference such as ghcr.io/acme/shop');

const previewSpec = z
  .strictObject({
    template: z.enum(TEMPLATES).meta({ description: 'What kind of app it is.', examples: ['web-service'] }),
    image: imageReference.meta({
      description:
        'The image to run. Without a tag, the platform appends one for the pull request (pr-<n>-<sha7> by default); a digest is taken as it is.',
      examples: ['ghcr.io/acme/shop', 'ghcr.io/acme/shop@sha256:…'],
    }),
    port: z
      .int()
      .min(1024)
      .max(65_535)
      .default(8080)
      .meta({ description: 'The port that the app listens on. Below 1024 an app would need to be root.' }),
    size: z
      .string()
      .max(63)
      .default('small')
      .meta({ description: 'A size that the platform names, e.g. small, medium, large.' }),
    health: bounded(200, /^\/[A-Za-z0-9._~/-]*$/, 'must be a path such as /healthz')
      .default('/')
      .meta({ description: 'A path that answers with status 200 once the app is ready.' }),
    env: z
      .record(environmentName, z.string().max(4096))
      .default({})
      .meta({
        description: 'Environment variables. Not for secrets: those go under `secrets`, as references.',
        examples: [{ LOG_LEVEL: 'debug' }],
      }),
    secrets: z
      .record(
        environmentName,
        bounded(253, /^[A-Za-z0-9][A-Za-z0-9._/-]*$/, 'must be a reference such as acme/shop/stripe'),
      )
      .default({})
      .meta({
        description: "Environment variable: reference in the platform's secret store. Never the value itself.",
        examples: [{ STRIPE_KEY: 'acme/shop/stripe' }],
      }),
    ttl: duration.optional().meta({
      description: "How long the preview lives after the last push. Default: the platform's `ttl.default`.",
      examples: ['8h', '2d'],
    }),
    manifests: bounded(
      200,
      /^(?!\/)(?!.*(^|\/)\.{1,2}(\/|$))[A-Za-z0-9._/-]+$/,
      'must be a folder inside the repository',
    )
      .optional()
      .meta({
        description: 'A folder with plain Kubernetes YAML of your own, held to the same rules. Default: none.',
        examples: ['manifests/preview'],
      }),
  })
  .superRefine((spec, context) => {
    for (const name of Object.keys(spec.secrets)) {
      if (Object.hasOwn(spec.env, name)) {
        context.addIssue({
          code: 'custom',
          path: ['secrets', name],
          message: 'is also under env; keep one of the two',
        });
      }
    }
    for (const group of ['env', 'secrets'] as const) {
      if (Object.hasOwn(spec[group], 'PORT')) {
        context.addIssue({ code: 'custom', path: [group, 'PORT'], message: 'is set from spec.port; remove it here' });
      }
    }
  });

/** `preview.yaml`: all that a maker writes. */
export const previewSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Preview'),
  spec: previewSpec,
});

export type Preview = z.output<typeof previewSchema>;
export type PreviewSpec = Preview['spec'];
