import { type CheckResult, couldNotRead, fail, names, ok } from '../../cluster/check-result.ts';
import { type ClusterAnswer, list, text } from '../../cluster/reader.ts';
import { reconcilerOf } from '../../reconcilers/index.ts';
import { ADMISSION_KINDS } from './admission.ts';
import { firstDifference } from './compare.ts';
import type { DoctorContext, WantedObject } from './context.ts';

/**
 * Checks that every object of `bootstrap/` and `policies/` exists and has the fields that greenroom writes. Fields of
 * roles, bindings, guards, projects and ApplicationSets matter for security, not only their names.
 */
export async function appliedObjects(context: DoctorContext): Promise<CheckResult[]> {
  const kinds = new Map<string, WantedObject[]>();
  for (const object of context.wanted) {
    const key = listPath(object);
    kinds.set(key, [...(kinds.get(key) ?? []), object]);
  }
  const found = await Promise.all(
    [...kinds].map(async ([path, wanted]) => ofList(context, wanted, await context.reader.get(path))),
  );
  const wrong = found.flat();
  return wrong.length > 0
    ? wrong
    : [ok('objects', `all ${context.wanted.length} objects of bootstrap/ and policies/ are as greenroom writes them`)];
}

/** Path under which the API server lists objects of the same kind and namespace. */
function listPath({ apiVersion, kind, metadata }: WantedObject): string {
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `${base}${place}/${plural(kind)}`;
}

/** The plural as in API paths: policies, but gateways. */
function plural(kind: string): string {
  const singular = kind.toLowerCase();
  if (singular.endsWith('s')) return `${singular}es`;
  return /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

function ofList(context: DoctorContext, wanted: readonly WantedObject[], answer: ClusterAnswer): CheckResult[] {
  const { kind } = wanted[0]!;
  if (answer.kind === 'refused') return [couldNotRead(`objects/${kind}`, `every ${kind}`, answer)];
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
    return where === null ? [] : [fail(`objects/${kind}`, message, remedy(context, object))];
  });
  // Missing policies are reported by the check of admission.
  const isSaid = ADMISSION_KINDS.has(kind) || missing.length === 0;
  return [...(isSaid ? [] : [fail(`objects/${kind}`, lacking, remedy(context, missing[0]!))]), ...changed];
}

function remedy({ platform }: DoctorContext, { file }: WantedObject): string {
  return file.startsWith('bootstrap/install/')
    ? `Run kubectl apply -f ${file.slice(0, file.lastIndexOf('/'))} as an administrator.`
    : reconcilerOf(platform).doctor.resync;
}
