import * as z from 'zod';
import { hasPlaceholder, placeholderProblem } from '../placeholders.ts';
import { bounded } from '../scalars.ts';
import { secretReference } from '../secret-reference.ts';
import { TEMPLATE_NAMES, TEMPLATES, type TemplateName, templateOf } from '../templates/index.ts';
import { writableProblem } from './writable.ts';

const environmentName = bounded(
  128,
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  'must be letters, digits and underscores, and not start with a digit',
);

const imageReference = bounded(512, /^[!-~]+$/, 'must be an image reference such as ghcr.io/acme/shop').refine(
  (text) => !hasPlaceholder(text),
  'must not contain a placeholder: without a tag, the tag of this commit is used',
);

/** A command as a list of words. It runs without a shell. */
export const words = z
  .array(z.string().max(4096))
  .min(1)
  .max(64)
  .meta({ examples: [['node', 'server.js']] });

/** A URL or file path in plain segments that all readers interpret the same way. */
const plainPath = bounded(
  200,
  /^\/([A-Za-z0-9_~.-]*[A-Za-z0-9_~-][A-Za-z0-9_~.-]*(\/|$))*$/,
  'must be a path of plain segments such as /api',
);

const healthPath = bounded(200, /^\/[A-Za-z0-9._~/-]*$/, 'must be a path such as /healthz');

const health = z
  .union([
    healthPath,
    z
      .strictObject({
        path: healthPath.optional().meta({ description: 'A path that answers with status 200 once the app is ready.' }),
        host: bounded(253, /^[!-~]+$/, 'must be a host name such as ${host}')
          .optional()
          .meta({
            description: 'The Host header of the check, for apps that answer known hosts only, e.g. ${host}.',
          }),
        tcp: z.literal(true).optional().meta({ description: 'The app is ready once its port accepts connections.' }),
      })
      .refine((form) => (form.path === undefined) !== (form.tcp === undefined), 'must have either path or tcp: true')
      .refine((form) => form.host === undefined || form.path !== undefined, {
        path: ['host'],
        message: 'is the host of a path; name the path as well',
      }),
  ])
  .meta({
    description:
      'When the app is ready: a path that answers with status 200, {path, host} or {tcp: true}. An app whose path stops answering is restarted. Default: ready once / answers, never restarted.',
    examples: ['/healthz'],
  });

/** The fields of every app: the first one in `spec`, and the others below `apps`. */
export const APP_FIELDS = {
  template: z.enum(TEMPLATE_NAMES).meta({
    description: `What kind of app it is: ${TEMPLATES.map(({ name, summary }) => `${name} (${summary})`).join('; ')}.`,
    examples: ['web-service'],
  }),
  image: imageReference.meta({
    description:
      'The image to run. Without a tag, the platform appends one for the pull request (pr-<n>-<sha7> by default); a digest is used unchanged.',
    examples: ['ghcr.io/acme/shop', 'ghcr.io/acme/shop@sha256:…'],
  }),
  port: z
    .int()
    .min(
      1024,
      'must be 1024 or more: only root may listen below, and a preview does not run as root; let the app listen on 8080, for example',
    )
    .max(65_535)
    .optional()
    .meta({
      description:
        "The port that the app listens on; also in the environment as PORT. Below 1024 an app would need to be root. Default: the template's, 8080.",
      examples: [8080],
    }),
  path: plainPath.optional().meta({
    description:
      "The part of the preview's URL that leads to this app. Default: / for the first app, none for the others, which only the other apps can reach.",
    examples: ['/'],
  }),
  size: z
    .string()
    .max(63)
    .optional()
    .meta({
      description:
        "A size that the platform names, e.g. small, medium, large. Default: the template's, or the platform's `defaultSize`.",
      examples: ['small'],
    }),
  health: health.optional(),
  command: words.optional().meta({ description: "The command, word by word. Default: the image's own entrypoint." }),
  args: words.optional().meta({ description: "Arguments, word by word. Default: the image's own." }),
  user: z
    .int({ error: 'must be the number of a user, such as 1000' })
    .min(1, 'must be the number of a user other than root: previews never run as 0; use 1000, and let it read the app')
    .max(2_147_483_647)
    .optional()
    .meta({
      description:
        "Number of the user that the app runs as, for images whose USER is a name or missing. Default: the image's own.",
      examples: [1000],
    }),
  writable: z
    .array(plainPath)
    .max(8)
    .default([])
    .meta({
      description: 'Folders that the app may write to, in addition to /tmp. They are empty at every start.',
      examples: [['/app/.next/cache']],
    }),
  env: z
    .record(environmentName, z.string().max(4096))
    .default({})
    .meta({
      description:
        'Environment variables. Not for secrets: those go under `secrets`, as references. ${url} and the like stand for what belongs to the preview. A name that the preview gives as well (PREVIEW_URL, MAIN_URL, DATABASE_URL and the like) is overridden by what stands here.',
      examples: [{ LOG_LEVEL: 'debug', PUBLIC_URL: '${url}' }],
    }),
  secrets: z
    .record(environmentName, secretReference)
    .default({})
    .meta({
      description:
        "Environment variable: reference in the platform's secret store, with #property for one part of it. Never the value itself.",
      examples: [{ STRIPE_KEY: 'acme/shop/stripe' }],
    }),
  release: words.optional().meta({
    description:
      "Command that runs before each start, with the app's image and environment, e.g. migrations of a database. If it fails, the app does not start. Default: none.",
    examples: [['npm', 'run', 'migrate']],
  }),
  ...ownFields(),
} as const;

const fields = z.strictObject(APP_FIELDS);
type WrittenApp = z.output<typeof fields>;

/** An app as written in its file, with the defaults of its template. */
export type AppSpec = ReturnType<typeof withTemplateDefaults>;

/** An app below `apps`. */
export const appSchema = fields.superRefine((app, context) => checkApp(app, context)).transform(withTemplateDefaults);

/** Fields of single templates. The template decides whether a file may or must have one. */
function ownFields(): Record<never, never> {
  const own = TEMPLATES.flatMap((template) => Object.entries(template.fields) as [string, z.ZodType][]);
  return Object.fromEntries(own.map(([name, field]) => [name, field.optional()]));
}

const withoutLastSlash = (path: string): string => path.replace(/(?<=.)\/$/, '');

/** Checks of an app that involve several fields. */
export function checkApp(app: WrittenApp, context: z.RefinementCtx): void {
  const complain: Complain = (path, message) => context.addIssue({ code: 'custom', path: [...path], message });
  checkTemplate(app, complain);
  checkVariables(app, complain);
  checkPlaceholders(app, complain);
  const named = [...(app.command ?? []), ...(app.args ?? []), ...(app.release ?? [])];
  const folders = app.writable.map(withoutLastSlash);
  folders.forEach((path, i) => {
    const problem = writableProblem(path, named);
    if (problem !== undefined) complain(['writable', i], problem);
    if (folders.indexOf(path) !== i) complain(['writable', i], 'is named twice; keep one');
  });
}

type Complain = (path: readonly (string | number)[], message: string) => void;

/** Refuses settings that the chosen template does not have, and requires those that only it has. */
function checkTemplate(app: WrittenApp, complain: Complain): void {
  const written = app as Readonly<Record<string, unknown>>;
  const chosen = templateOf(app.template);
  const isPortless = chosen.defaults.port === null;
  for (const field of isPortless ? ['port', 'health'] : []) {
    if (written[field] !== undefined)
      complain([field], `is not possible for a ${chosen.name}, which listens on no port; remove it`);
  }
  if (!chosen.isRouted && app.path !== undefined) {
    complain(
      ['path'],
      `is not possible for a ${chosen.name}, which cannot be reached from outside; remove it, or choose web-service`,
    );
  }
  for (const { name, fields: others } of TEMPLATES) {
    if (name === chosen.name) continue;
    for (const field of Object.keys(others)) {
      if (written[field] !== undefined)
        complain([field], `is a setting of the template ${name}, not of ${chosen.name}`);
    }
  }
  for (const [field, schema] of Object.entries(chosen.fields) as [string, z.ZodType][]) {
    if (written[field] === undefined && !schema.safeParse(undefined).success) {
      complain([field], `is required for a ${chosen.name}`);
    }
  }
}

function checkVariables({ env, secrets }: WrittenApp, complain: Complain): void {
  for (const name of Object.keys(secrets)) {
    if (Object.hasOwn(env, name)) complain(['secrets', name], 'is also under env; keep one of the two');
  }
  for (const [group, variables] of Object.entries({ env, secrets })) {
    if (Object.hasOwn(variables, 'PORT')) complain([group, 'PORT'], 'is set from spec.port; remove it here');
  }
}

function checkPlaceholders({ env, command, args, release, health: form }: WrittenApp, complain: Complain): void {
  const check = (path: readonly (string | number)[], text: string) => {
    const problem = placeholderProblem(text);
    if (problem !== undefined) complain(path, problem);
  };
  for (const [name, text] of Object.entries(env)) check(['env', name], text);
  for (const [field, list] of Object.entries({ command, args, release })) {
    list?.forEach((text, i) => {
      check([field, i], text);
    });
  }
  if (typeof form === 'object' && form.host !== undefined) check(['health', 'host'], form.host);
}

type HealthForm = string | { readonly path: string; readonly host?: string } | { readonly tcp: true };

function healthOf(form: WrittenApp['health']): HealthForm | undefined {
  if (typeof form !== 'object') return form;
  if (form.tcp) return { tcp: true };
  return { path: form.path ?? '/', ...(form.host !== undefined && { host: form.host }) };
}

/** The app with its template's defaults. */
export function withTemplateDefaults<T extends WrittenApp>(app: T) {
  const { defaults, fields: own } = templateOf(app.template as TemplateName);
  const written = app as Readonly<Record<string, unknown>>;
  return {
    ...app,
    port: defaults.port === null ? null : (app.port ?? defaults.port),
    /** Null: the template's size, or the platform's default. */
    size: app.size ?? null,
    writable: app.writable.map(withoutLastSlash),
    health: healthOf(app.health),
    templateFields: Object.fromEntries(Object.keys(own).map((name) => [name, written[name]])),
  };
}
