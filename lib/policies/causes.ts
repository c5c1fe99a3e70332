import type { Edit } from './edit.ts';
import type { Violation } from './evaluate.ts';

/** One cause of findings in one object, with everything that must change for it. */
export interface FindingCause extends Omit<Violation, 'edit' | 'container' | 'found'> {
  /** The rule's sentence, with what was found and where. */
  readonly message: string;
  /** The first of {@link fields}. */
  readonly field: string;
  readonly fields: readonly string[];
  /** Edits that fix it; undefined if a part of it cannot be fixed automatically. */
  readonly edits: readonly Edit[] | undefined;
}

/**
 * The reported findings of an object: one per cause. The same problem in three containers is one finding that names all
 * three, and a rule that is implied by another one is not reported.
 *
 * @param impliedBy id of the rule that implies a rule, by the id of the latter
 */
export function causesOf(violations: readonly Violation[], impliedBy: ReadonlyMap<string, string>): FindingCause[] {
  const refused = new Set(violations.filter(({ severity }) => severity === 'deny').map(({ rule }) => rule));
  const groups = new Map<string, Violation[]>();
  for (const violation of violations) {
    const { rule, message, found = '' } = violation;
    const other = impliedBy.get(rule);
    if (other !== undefined && refused.has(other)) continue;
    const key = JSON.stringify([rule, message, found]);
    groups.set(key, [...(groups.get(key) ?? []), violation]);
  }
  return [...groups.values()].map(causeOf);
}

function causeOf(group: readonly Violation[]): FindingCause {
  const { edit: _edit, container: _container, found, ...first } = group[0] as Violation;
  const containers = [...new Set(group.flatMap(({ container }) => container ?? []))];
  const edits = group.flatMap(({ edit }) => edit ?? []);
  return {
    ...first,
    message: `${first.message}${foundWords(found, containers)}`,
    fields: group.map(({ field }) => field),
    edits: edits.length === group.length ? edits : undefined,
  };
}

function foundWords(found: string | undefined, containers: readonly string[]): string {
  if (found === undefined && containers.length === 0) return '';
  const what = found === undefined ? '' : ` ${found}`;
  const where =
    containers.length === 0 ? '' : ` in container${containers.length > 1 ? 's' : ''} ${containers.join(', ')}`;
  return ` Found${what}${where}.`;
}
