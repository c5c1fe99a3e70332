import type { Edit } from './edit.ts';
import type { Violation } from './evaluate.ts';
import type { Rule } from './rule.ts';

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

type Implied = NonNullable<Rule['impliedBy']>;

/**
 * The reported findings of an object: one per cause. The same problem in three containers is one finding that names all
 * three, and a rule that is implied by another one is not reported.
 *
 * @param impliedBy the rule that implies a rule, by the id of the latter
 */
export function causesOf(violations: readonly Violation[], impliedBy: ReadonlyMap<string, Implied>): FindingCause[] {
  const groups = new Map<string, Violation[]>();
  for (const violation of violations) {
    const { rule, message, field, found = '' } = violation;
    const other = impliedBy.get(rule);
    if (other !== undefined && violations.some((one) => isImplied(field, one, other))) continue;
    const key = JSON.stringify([rule, message, found]);
    groups.set(key, [...(groups.get(key) ?? []), violation]);
  }
  return [...groups.values()].map(causeOf);
}

function isImplied(field: string, { rule, severity, field: place }: Violation, other: Implied): boolean {
  if (rule !== other.rule || severity !== 'deny') return false;
  return other.anywhere === true || field === place || field.startsWith(`${place}.`) || field.startsWith(`${place}[`);
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
