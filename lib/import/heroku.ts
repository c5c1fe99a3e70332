import { invalidInput } from '../core/errors.ts';
import { isRecord } from '../core/json.ts';
import {
  type AppDraft,
  appName,
  commandWords,
  Draft,
  type Imported,
  type ImportOptions,
  serviceType,
} from './draft.ts';
import { readYaml } from './read.ts';

/**
 * Creates a preview.yaml from Heroku's app.json, with the settings of review apps, and the Procfile.
 *
 * @param procfile text of the Procfile. @default - none
 * @throws GreenroomError `invalid-input` if it is not an app.json
 * @see https://devcenter.heroku.com/articles/app-json-schema
 */
export function importHeroku(text: string, file: string, options: ImportOptions, procfile?: string): Imported {
  const root = readYaml(text, file);
  if (!isRecord(root)) throw invalidInput([{ file, message: 'must be an object: this is not an app.json' }]);
  const environments = isRecord(root['environments']) ? root['environments'] : {};
  const review = isRecord(environments['review']) ? environments['review'] : {};
  const settings: Record<string, unknown> = {
    ...root,
    ...review,
    env: { ...record(root['env']), ...record(review['env']) },
  };
  const draft = new Draft(options);
  const name = appName(typeof root['name'] === 'string' ? root['name'] : 'web');
  takeAddons(draft, settings['addons']);
  const processes = procfileLines(procfile);
  const env: Record<string, string> = {};
  for (const [variable, value] of Object.entries(record(settings['env'])))
    takeVariable(draft, name, env, variable, value);
  const common: AppDraft = { image: draft.image(name, root['image']), ...(Object.keys(env).length > 0 && { env }) };
  const web = processes.get('web');
  const release = processes.get('release');
  const first: AppDraft = {
    template: 'web-service',
    ...common,
    ...(web !== undefined && { command: commandWords(web) }),
    ...(release !== undefined && { release: commandWords(release) }),
  };
  for (const process of workersOf(settings['formation'], processes)) {
    const command = processes.get(process);
    if (command === undefined)
      draft.note(`the process ${process}`, 'its command is in the Procfile, which is missing next to this file');
    else draft.app(process, { template: 'worker', ...common, command: commandWords(command) });
  }
  takeScripts(draft, settings['scripts']);
  for (const key of ['buildpacks', 'stack']) {
    if (root[key] !== undefined) draft.note(key, 'not used, since CI builds the image');
  }
  return draft.finish(first);
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function procfileLines(text = ''): ReadonlyMap<string, string> {
  const lines = [...text.matchAll(/^([A-Za-z0-9_-]+):[ \t]*(\S.*?)[ \t]*$/gm)];
  return new Map(lines.map(([, name, command]) => [name!, command!]));
}

function workersOf(formation: unknown, processes: ReadonlyMap<string, string>): string[] {
  const names = [...Object.keys(record(formation)), ...processes.keys()];
  return [...new Set(names)].filter((name) => name !== 'web' && name !== 'release');
}

function takeAddons(draft: Draft, addons: unknown): void {
  for (const addon of Array.isArray(addons) ? addons : []) {
    const plan = String(isRecord(addon) ? addon['plan'] : addon);
    const type = serviceType(plan);
    if (type === undefined) draft.note(`the add-on ${plan}`, 'previews have no such service');
    else draft.resource({ redis: 'cache', mysql: 'mysql' }[type] ?? 'db', type);
  }
}

function takeVariable(draft: Draft, app: string, env: Record<string, string>, name: string, setting: unknown): void {
  const isGenerated = isRecord(setting) && setting['generator'] === 'secret';
  if (isGenerated)
    draft.note(
      `the variable ${name}`,
      'Heroku generates it; put a value into the secret store and name it under secrets',
    );
  else draft.variable(app, env, name, isRecord(setting) ? setting['value'] : setting);
}

function takeScripts(draft: Draft, scripts: unknown): void {
  const { postdeploy } = record(scripts);
  const command = isRecord(postdeploy) ? postdeploy['command'] : postdeploy;
  if (typeof command !== 'string') return;
  const database = draft.resources['db'] ?? draft.resources['mysql'];
  if (database !== undefined) database.seed = commandWords(command);
  else
    draft.note(
      'the script postdeploy',
      'there is no database to fill; add it under `release` if it must run at each start',
    );
}
