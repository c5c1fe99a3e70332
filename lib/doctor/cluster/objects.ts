import { couldNotLook, fail, names, type Observation, ok } from '../../cluster/observation.ts';
import { type Answer, list, text } from '../../cluster/reader.ts';
import { reconcilerOf } from '../../reconcilers/index.ts';
import { ADMISSION_KINDS } from './admission.ts';
import { firstDifference } from './compare.ts';
import type { Look, WantedObject } from './look.ts';

/**
 * Every object that an administrator or the reconciler was to apply: there, and as greenroom writes it. Roles, bindings,
 * guards, projects and ApplicationSets hold previews by their fields, not by their names.
 */
export async function appliedObjects(look: Look): Promise<Observation[]> {
  const kinds = new Map<string, WantedObject[]>();
  for (const object of look.wanted) {
    const key = listPath(object);
    kinds.set(key, [...(kinds.get(key) ?? []), object]);
  }
  const found = await Promise.all(
    [...kinds].map(async ([path, wanted]) => ofList(look, wanted, await look.reader.get(path))),
  );
  const wrong = found.flat();
  return wrong.length > 0
    ? wrong
    : [ok('objects', `all ${look.wanted.length} objects of bootstrap/ and policies/ are as greenroom writes them`)];
}

/** Where the API server lists the objects of this one's kind and namespace. */
function listPath({ apiVersion, kind, metadata }: WantedObject): string {
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `${base}${place}/${plural(kind)}`;
}

/** As definitions name their kinds: policies, but gateways. */
function plural(kind: string): string {
  const singular = kind.toLowerCase();
  if (singular.endsWith('s')) return `${singular}es`;
  return /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

function ofList(look: Look, wanted: readonly WantedObject[], answer: Answer): Observation[] {
  const { kind } = wanted[0]!;
  if (answer.kind === 'refused') return [couldNotLook(`objects/${kind}`, `every ${kind}`, answer)];
  const there = new Map(
    (answer.kind === 'found' ? list(answer.value, 'items') : []).map((o) => [text(o, 'metadata', 'name'), o]),
  );
  const missing = wanted.filter(({ metadata }) => !there.has(metadata.name));
  const place = wanted[0]!.metadata.namespace === undefined ? '' : ` in ${wanted[0]!.metadata.namespace}`;
  const lacking = `There is no ${kind} ${names(missing.map(({ metadata }) => metadata.name))}${place}.`;
  const changed = wanted.flatMap((object) => {
    const { name } = object.metadata;
    const where = there.has(name) ? firstDifference(object, there.get(name)) : null;
    const message = `${kind} ${name}${place} is not what greenroom writes: ${where} differs.`;
    return where === null ? [] : [fail(`objects/${kind}`, message, remedy(look, object))];
  });
  // Which policies are not there is said where admission is looked at.
  const isSaid = ADMISSION_KINDS.has(kind) || missing.length === 0;
  return [...(isSaid ? [] : [fail(`objects/${kind}`, lacking, remedy(look, missing[0]!))]), ...changed];
}

function remedy({ platform }: Look, { file }: WantedObject): string {
  return file.startsWith('bootstrap/install/')
    ? `Run kubectl apply -f ${file.slice(0, file.lastIndexOf('/'))} as an administrator.`
    : reconcilerOf(platform).doctor.resync;
}
