import { invalidInput, type Problem } from '../core/errors.ts';
import { formatImage } from '../model/image.ts';
import { fieldName, type Loaded } from '../model/load.ts';
import { fillIn, missingValue, type PlaceholderValues } from '../model/placeholders.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { templateOf } from '../model/templates/index.ts';
import type { ResolvedApp } from './resolve.ts';
import type { ResolvedResources } from './resources.ts';

/** Texts of an app that may contain placeholders, with their paths inside the app. */
function* texts({ spec }: ResolvedApp): Generator<[path: readonly (string | number)[], text: string]> {
  for (const [name, text] of Object.entries(spec.env)) yield [['env', name], text];
  for (const field of ['command', 'args', 'release'] as const) {
    for (const [i, text] of (spec[field] ?? []).entries()) yield [[field, i], text];
  }
  if (typeof spec.health === 'object' && 'host' in spec.health) yield [['health', 'host'], spec.health.host ?? ''];
}

/** @internal A text with its placeholders filled in. */
export const filledIn = fillIn;

/**
 * The environment of each app. Later values override earlier ones: the platform's variables, service outputs, addresses
 * of the other apps, `PREVIEW_URL`, and the maker's own variables.
 *
 * @throws GreenroomError `invalid-input` for a placeholder that has no value in this preview
 */
export function environments(
  preview: Loaded<Preview>,
  { env }: PlatformSpec,
  apps: readonly ResolvedApp[],
  { sidecars, operated }: ResolvedResources,
  values: PlaceholderValues,
): Readonly<Record<string, string>>[] {
  const resources = [...sidecars, ...operated];
  const problems = [
    ...apps.flatMap((app) => [...texts(app)].flatMap(([path, text]) => missing(preview, app, path, text, values))),
    ...sidecars.flatMap(({ name, seed = [] }) =>
      seed.flatMap((text, i) => missing(preview, apps[0]!, ['resources', name, 'seed', i], text, values)),
    ),
    ...apps.flatMap((app) => unfitHost(preview, app, values)),
    ...sharedVariables(preview, apps, [
      ...sidecars,
      ...operated.map(({ name, env: known, secretKeys }) => ({ name, env: { ...known, ...secretKeys } })),
    ]),
  ];
  if (problems.length > 0) throw invalidInput(problems);
  return apps.map((app) => {
    const own = Object.entries(app.spec.env).map(([name, text]) => [
      name,
      fillIn(text, { ...values, image: formatImage(app.image) }),
    ]);
    const common = Object.entries(env).flatMap(([name, text]): [string, string][] =>
      missingValue(text, values) === undefined
        ? [[name, fillIn(text, { ...values, image: formatImage(app.image) })]]
        : [],
    );
    const given = {
      ...Object.fromEntries(common),
      ...Object.assign({}, ...resources.map(({ env: outputs }) => outputs)),
      ...addresses(apps, app),
      ...(values.url !== undefined && { PREVIEW_URL: values.url }),
    };
    const fromSecrets = [app.spec.secrets, ...operated.map(({ secretKeys }) => secretKeys)];
    const free = Object.entries(given).filter(([name]) => !fromSecrets.some((some) => Object.hasOwn(some, name)));
    return Object.fromEntries([...free, ...own]);
  });
}

function missing(
  preview: Loaded<Preview>,
  { at, spec }: ResolvedApp,
  path: readonly (string | number)[],
  text: string,
  values: PlaceholderValues,
): Problem[] {
  const name = missingValue(text, values);
  if (name === undefined) return [];
  const full = [...at, ...path];
  const message = `\${${name}} has no value here: no app of this preview has a route, since a ${spec.template} has none`;
  return [{ ...preview.positions.of(full), field: fieldName(full), message }];
}

/** A probe sends this Host header. It must be a name, not a URL such as `${url}` gives. */
function unfitHost(preview: Loaded<Preview>, { at, spec }: ResolvedApp, values: PlaceholderValues): Problem[] {
  const { health } = spec;
  if (typeof health !== 'object' || !('host' in health) || health.host === undefined) return [];
  const host = fillIn(health.host, values);
  if (/^[A-Za-z0-9.:-]{1,253}$/.test(host)) return [];
  const path = [...at, 'health', 'host'];
  const message = `must be a host name, such as \${host}; found ${JSON.stringify(health.host)}`;
  return [{ ...preview.positions.of(path), field: fieldName(path), message }];
}

/** Two names that set the same variable: its value would depend on their order. */
function sharedVariables(
  preview: Loaded<Preview>,
  apps: readonly ResolvedApp[],
  resources: readonly { readonly name: string; readonly env: Readonly<Record<string, unknown>> }[],
): Problem[] {
  const givers = [
    ...resources.map(({ name, env }) => ({ at: ['spec', 'resources', name], env })),
    ...apps.filter(hasAddress).map((app) => ({ at: app.at, env: { [addressVariable(app)]: '' } })),
  ];
  const given = new Map<string, (typeof givers)[number]>();
  return givers.flatMap((giver) => {
    const variable = Object.keys(giver.env).find((name) => given.has(name));
    for (const name of Object.keys(giver.env)) if (!given.has(name)) given.set(name, giver);
    if (variable === undefined) return [];
    const other = fieldName(given.get(variable)!.at);
    const message = `has a name that makes the variable ${variable}, which is also made by ${other}; choose another name`;
    return [{ ...preview.positions.ofKey(giver.at), field: fieldName(giver.at), message }];
  });
}

function hasAddress({ spec }: ResolvedApp): boolean {
  return templateOf(spec.template).defaults.port !== null;
}

function addressVariable({ key }: ResolvedApp): string {
  return `${(key ?? 'main').replaceAll('-', '_').toUpperCase()}_URL`;
}

/** `API_URL` and so on: how an app reaches the others inside the preview. */
function addresses(apps: readonly ResolvedApp[], self: ResolvedApp): Record<string, string> {
  const others = apps.filter((app) => app !== self && hasAddress(app));
  return Object.fromEntries(others.map((app) => [addressVariable(app), `http://${app.name}`]));
}
