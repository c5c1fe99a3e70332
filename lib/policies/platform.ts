import { type Problem, platformAtFault } from '../core/errors.ts';
import { loadPlatform as readPlatform } from '../model/files.ts';
import { closest } from '../model/load/suggest.ts';
import type { Loaded } from '../model/load.ts';
import type { Platform } from '../model/platform.ts';
import { fenceAgainst } from './fenced.ts';
import type { Rule } from './rule.ts';
import { chosenRules } from './rule-set.ts';

/**
 * Reads a `greenroom.yaml`, defaults filled in, and holds what it says of rules against the rules that there are.
 *
 * @param own rules of the platform's own, beside greenroom's
 * @throws GreenroomError `invalid-input` with every problem of the file; it is the platform team's to mend
 */
export function loadPlatform(input: string | Uint8Array, file: string, own: readonly Rule[] = []): Loaded<Platform> {
  const loaded = readPlatform(input, file);
  const problems = severityProblems(loaded, chosenRules({ extraRules: own }));
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
      return problem('cannot be changed: other controls stand on this rule');
    }
    const fence = severity === 'deny' ? undefined : fenceAgainst(id, spec);
    return fence === undefined ? [] : problem(`cannot be ${severity}: ${fence}`);
  });
}
