import type { Problem } from '../core/errors.ts';
import { isRecord } from '../core/json.ts';
import { type FieldPath, fieldName, type Loaded } from '../model/load.ts';
import type { Preview } from '../model/preview.ts';
import { appsOf } from './apps.ts';
import type { MakerManifest } from './manifests.ts';

/** Kinds that contain a secret or create one in the namespace. */
const CARRIERS = new Set(['ExternalSecret', 'Secret', 'SealedSecret']);
/** Fields with which pods read a secret. */
const READS = new Set(['secretKeyRef', 'secretRef', 'secret']);

const WHY =
  'is not for pull requests from forks: who has no write access could read the value. Leave it out, or push the branch to the repository itself';

/**
 * All uses of secrets in a pull request from a fork, whose code is not trusted. This includes secrets that exist
 * anyway, such as image pull secrets.
 */
export function forkProblems(preview: Loaded<Preview>, makers: readonly MakerManifest[]): Problem[] {
  const listed = appsOf(preview.value)
    .filter(({ spec }) => Object.keys(spec.secrets).length > 0)
    .map(({ at }) => [...at, 'secrets'])
    .map((path) => ({ ...preview.positions.ofKey(path), field: fieldName(path), message: WHY }));
  return [
    ...listed,
    ...makers.flatMap(({ object, positions, position }): Problem[] => {
      if (CARRIERS.has(object.kind)) return [{ ...position, field: 'kind', message: `${object.kind} ${WHY}` }];
      return readsOf(object).map((path) => ({ ...positions.ofKey(path), field: fieldName(path), message: WHY }));
    }),
  ];
}

function readsOf(value: unknown, path: FieldPath = []): FieldPath[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => readsOf(item, [...path, i]));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    READS.has(key) && isRecord(member) ? [[...path, key]] : readsOf(member, [...path, key]),
  );
}
