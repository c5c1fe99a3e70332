import * as z from 'zod';
import { IMAGE_PATTERN } from '../image.ts';
import { bounded, dnsLabel } from '../scalars.ts';
import { SERVICE_TYPES } from '../services/index.ts';
import { serviceClass } from './service-class.ts';

// What makers can name under `resources`: the platform's throw-away services.

const KNOWN = SERVICE_TYPES.map(({ name }) => name);

const words = z.array(z.string().max(1000)).max(50).optional();

/** A type of service. */
export const service = z.strictObject({
  class: serviceClass.optional().meta({
    description:
      "An object of an operator's kind instead of an image: a database that lives as long as the preview. Default: the image runs in the app's pod.",
  }),
  image: bounded(512, new RegExp(IMAGE_PATTERN), 'must be an image reference')
    .refine(
      (image) => image.includes('@sha256:'),
      'must name its digest (@sha256:...), so that it is the same tomorrow',
    )
    .optional()
    .meta({
      description: 'Its image, by digest, from one of the registries. Default: none; without `class` it is required.',
      examples: [`ghcr.io/acme/postgres@sha256:${'0'.repeat(64)}`],
    }),
  size: z
    .string()
    .max(63)
    .optional()
    .meta({ description: "A size of the platform's. Default: small, of mysql medium.", examples: ['small'] }),
  user: z
    .int()
    .min(1)
    .max(2_147_483_647)
    .optional()
    .meta({ description: 'Number of the user that it runs as. Default: 999.', examples: [999] }),
  port: z
    .int()
    .min(1024)
    .max(65_535)
    .optional()
    .meta({ description: 'Its port. Default: the usual one.', examples: [5432] }),
  args: words.meta({
    description: 'Its arguments. Default: the usual ones, which bind it to its pod.',
    examples: [['--quiet']],
  }),
  env: z
    .record(bounded(128, /^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a name of a variable'), z.string().max(4096))
    .optional()
    .meta({ description: 'Its variables, in addition to the usual ones. Default: none.', examples: [{ TZ: 'UTC' }] }),
  writable: z
    .array(bounded(200, /^(\/[A-Za-z0-9._~-]+)+$/, 'must be an absolute path of plain segments'))
    .max(8)
    .optional()
    .meta({
      description: 'Folders that it writes to, in addition to /tmp. Default: the usual ones.',
      examples: [['/data']],
    }),
  ready: words.meta({
    description: 'Command that runs inside it, and exits with 0 once the service answers. Default: the usual command.',
    examples: [['redis-cli', 'ping']],
  }),
  url: z
    .string()
    .max(500)
    .optional()
    .meta({
      description: 'Its address for apps, with {host} and {port}. Default: the usual one.',
      examples: ['redis://{host}:{port}/0'],
    }),
  variable: bounded(128, /^[A-Z][A-Z0-9_]*$/, 'must be a variable such as DATABASE_URL')
    .optional()
    .meta({
      description:
        'The variable with its address for apps, in addition to <NAME>_URL. Default: DATABASE_URL; REDIS_URL for redis.',
      examples: ['DATABASE_URL'],
    }),
});

export const services = z
  .record(dnsLabel, service)
  .default({})
  .superRefine((all, context) => {
    for (const [name, { class: chosen, variable, ...own }] of Object.entries(all)) {
      const isOperated = chosen !== undefined;
      for (const field of isOperated ? Object.keys(own) : []) {
        const message = 'describes an image, and class takes its place; take one of them out';
        context.addIssue({ code: 'custom', path: [name, field], message });
      }
      if (!isOperated && own.image === undefined) {
        context.addIssue({ code: 'custom', path: [name, 'image'], message: 'is required, or class' });
      }
      if (KNOWN.includes(name)) continue;
      const { port, url } = own;
      for (const [field, value] of Object.entries(isOperated ? { variable } : { port, url, variable })) {
        if (value !== undefined) continue;
        const message = `is required: only ${KNOWN.join(', ')} are known without it`;
        context.addIssue({ code: 'custom', path: [name, field], message });
      }
    }
  })
  .meta({
    description: `Services without lasting data that makers can use, by type (${KNOWN.join(', ')}, or your own). Default: none, since only you can name the images.`,
    examples: [{ postgres: { image: `ghcr.io/acme/postgres@sha256:${'0'.repeat(64)}` } }],
  });
