import { invalidInput, type Problem } from '../core/errors.ts';
import { formatImage } from '../model/image.ts';
import { fieldName, type Loaded } from '../model/load.ts';
import { fillIn, missingValue, type PlaceholderValues } from '../model/placeholders.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { templateOf } from '../model/templates/index.ts';
import type { ResolvedApp } from './resolve.ts';
import type { ResolvedResource } from './resources.ts';

/** What of an app can hold placeholders, with its place below the app. */
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
 * The environment of each app: what the platform gives to all, the addresses of the others, the preview's own, and last
 * what the maker wrote, which wins.
 *
 * @throws GreenroomError `invalid-input` for a placeholder that stands for nothing in this preview
 */
export function environments(
  preview: Loaded<Preview>,
  { env }: PlatformSpec,
  apps: readonly ResolvedApp[],
  resources: readonly ResolvedResource[],
  values: PlaceholderValues,
): Readonly<Record<string, string>>[] {
  const problems = apps.flatMap((app) =>
    [...texts(app)].flatMap(([path, text]) => missing(preview, app, path, text, values)),
  );
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
    const free = Object.entries(given).filter(([name]) => !Object.hasOwn(app.spec.secrets, name));
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
  const message = `\${${name}} stands for nothing here: no app of this preview has a route, since a ${spec.template} has none`;
  return [{ ...preview.positions.of(full), field: fieldName(full), message }];
}

/** `API_URL` and the like: how an app reaches the others inside the preview. */
function addresses(apps: readonly ResolvedApp[], self: ResolvedApp): Record<string, string> {
  const others = apps.filter((app) => app !== self && templateOf(app.spec.template).defaults.port !== null);
  return Object.fromEntries(
    others.map(({ key, name }) => [`${(key ?? 'main').replaceAll('-', '_').toUpperCase()}_URL`, `http://${name}`]),
  );
}
