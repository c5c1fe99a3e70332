import { type Problem, platformAtFault } from '../core/errors.ts';
import { loadPlatform as readPlatform } from '../model/files.ts';
import { closest } from '../model/load/suggest.ts';
import { fieldName, type Loaded } from '../model/load.ts';
import { serviceClasses } from '../model/platform/service-class.ts';
import type { Platform } from '../model/platform.ts';
import { RECONCILERS, reconcilerOf } from '../reconcilers/index.ts';
import { createChecker } from './checker.ts';
import { fenceAgainst } from './fenced.ts';
import { ruleParams } from './params.ts';
import { parsePath } from './paths.ts';
import { platformKindProblems } from './platform-kinds.ts';
import type { Rule } from './rule.ts';
import { chosenRules } from './rule-set.ts';
import { noInlineSecrets } from './rules/no-inline-secrets.ts';

/**
 * Reads a `greenroom.yaml`, fills in defaults, and checks its settings about rules against the existing rules.
 *
 * @param own the platform's own rules, in addition to greenroom's
 * @throws GreenroomError `invalid-input` with every problem of the file, marked as the platform team's
 */
export function loadPlatform(input: string | Uint8Array, file: string, own: readonly Rule[] = []): Loaded<Platform> {
  const loaded = readPlatform(input, file);
  const problems = [
    ...severityProblems(loaded, chosenRules({ extraRules: own })),
    ...platformKindProblems(loaded),
    ...keyProblems(loaded),
    ...reconcilerProblems(loaded),
    ...credentialProblems(loaded),
    ...decryptionProblems(loaded),
  ];
  if (problems.length > 0) throw platformAtFault(problems);
  return loaded;
}

function severityProblems({ value: { spec }, positions }: Loaded<Platform>, rules: readonly Rule[]): Problem[] {
  const ids = rules.map(({ id }) => id);
  return Object.entries(spec.policies.severities).flatMap(([id, severity]): Problem[] => {
    const path = ['spec', 'policies', 'severities', id];
    const problem = (message: string) => [{ ...positions.ofKey(path), field: path.join('.'), message }];
    if (!ids.includes(id)) {
      const near = closest(id, ids);
      const hint = near === undefined ? '`greenroom explain` lists them' : `did you mean "${near}"?`;
      return problem(`is not the id of a rule; ${hint}`);
    }
    if (rules.find((rule) => rule.id === id)?.always === true) {
      return problem('cannot be changed: other controls depend on this rule');
    }
    const fence = severity === 'deny' ? undefined : fenceAgainst(id, spec);
    return fence === undefined ? [] : problem(`cannot be ${severity}: ${fence}`);
  });
}

/** Without something that decrypts them, encrypted Secrets would be applied as they are. */
function decryptionProblems({ value: { spec }, positions }: Loaded<Platform>): Problem[] {
  const { mechanism, sops } = spec.secrets;
  const { title, decrypts } = reconcilerOf(spec);
  if (mechanism !== 'sops' || decrypts || sops.plugin) return [];
  const path = ['spec', 'secrets', 'mechanism'];
  const message = `cannot be sops with ${title}, which does not decrypt by itself; say so with secrets.sops.plugin: true where a plugin of yours does`;
  return [{ ...positions.of(path), field: path.join('.'), message }];
}

/** Keys that no preview may have, whatever a platform allows. */
function keyProblems({ value: { spec }, positions }: Loaded<Platform>): Problem[] {
  const { reservedKeys } = ruleParams(spec);
  return spec.policies.parameters.keys.flatMap((key, i) => {
    const reserved = reservedKeys.find((prefix) => key.startsWith(prefix) || isBelow(key, prefix));
    if (reserved === undefined) return [];
    const path = ['spec', 'policies', 'parameters', 'keys', i];
    const message = `cannot be allowed: keys that begin with ${reserved} steer the platform's own tools; found ${JSON.stringify(key)}`;
    return [{ ...positions.of(path), field: fieldName(path), message }];
  });
}

/** Whether a key is in a subdomain of a prefix. */
function isBelow(key: string, prefix: string): boolean {
  const [domain = ''] = key.split('/');
  return prefix.endsWith('/') && domain.endsWith(`.${prefix.slice(0, -1)}`);
}

/** Settings that do not work with the reconciler. */
function reconcilerProblems({ value: { spec }, positions }: Loaded<Platform>): Problem[] {
  return RECONCILERS[spec.reconciler]
    .refusedSettings(spec)
    .map(({ field = '', message }) => ({ ...positions.of(field.split('.')), field, message }));
}

/** What the platform adds to containers of every preview, or to the object of an operator. */
interface Given {
  readonly path: readonly (string | number)[];
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  /** Whether `path` is the map or list of these texts itself. @default - they are in its `env` and `args` */
  readonly isItself?: true;
}

/** The texts of a spec, map by map: a rule about variables finds a password by its key as well. */
function textsOf(value: unknown, path: readonly (string | number)[]): Given[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value);
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const own: Given = Array.isArray(value)
    ? { path, env: {}, args: value.map((item) => (typeof item === 'string' ? item : '')), isItself: true }
    : { path, env: Object.fromEntries(texts), args: [], isItself: true };
  return [
    own,
    ...entries.flatMap(([key, inner]) => textsOf(inner, [...path, Array.isArray(value) ? Number(key) : key])),
  ];
}

/** Credentials in settings that apply to every preview: the rule would refuse them in each pod. */
function credentialProblems({ value: { spec }, positions }: Loaded<Platform>): Problem[] {
  if ((spec.policies.severities[noInlineSecrets.id] ?? 'deny') !== 'deny') return [];
  const given: Given[] = [
    { path: ['spec'], env: spec.env, args: [] },
    ...Object.entries(spec.services).map(([name, { env = {}, args = [] }]) => ({
      path: ['spec', 'services', name],
      env,
      args,
    })),
    ...serviceClasses(spec.services).flatMap(([type, { spec: own }]) =>
      textsOf(own, ['spec', 'services', type, 'class', 'spec']),
    ),
  ].filter(({ env, args }) => Object.keys(env).length + args.length > 0);
  if (given.length === 0) return [];
  const checker = createChecker({ params: ruleParams(spec), onlyRules: [noInlineSecrets] });
  return given.flatMap(({ path, env, args, isItself }) => {
    const names = Object.keys(env);
    const container = { name: 'app', env: names.map((name) => ({ name, value: env[name] })), args };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app' }, spec: { containers: [container] } };
    const places = checker.check(pod).map(({ field }) => placeOf(field, names).slice(isItself ? 1 : 0));
    return [...new Map(places.map((place) => [place.join('.'), [...path, ...place]])).values()].map((full) => ({
      ...positions.of(full),
      field: fieldName(full),
      message:
        'looks like a password or key, and every preview would carry it: put it into the secret store, and have makers name it under secrets in preview.yaml',
    }));
  });
}

/** The setting that a field of the pod comes from. */
function placeOf(field: string, names: readonly string[]): (string | number)[] {
  const [list, index] = parsePath(field).slice(3);
  if (list === undefined) return [];
  if (index === undefined) return [list];
  return [list, list === 'env' ? names[Number(index)]! : index];
}
