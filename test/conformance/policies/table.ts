import { JUDGES, type JudgeColumn, looksAt, type Matrix, type MatrixInput } from './matrix.ts';

/**
 * Rule by judge: how many of the subjects that the rule looks at were refused and let pass, and in how many a judge
 * differs from the in-process check. What a judge could not be asked about is counted apart.
 */
export function table(
  matrix: Matrix,
  { subjects, rules, namespaces }: Pick<MatrixInput, 'subjects' | 'rules' | 'namespaces'>,
): string {
  const own = matrix.get('in-process') ?? [];
  const columns = JUDGES.filter((column) => matrix.has(column));
  const header = ['rule', 'cases', ...columns];
  const rows = rules.map((rule) => {
    const casesOf = (column: JudgeColumn) =>
      subjects.flatMap((subject, i) => (looksAt(column, rule, subject, namespaces) ? [i] : []));
    const cells = columns.map((column) => {
      const cases = casesOf(column);
      const verdicts = matrix.get(column) ?? [];
      const asked = cases.filter((i) => verdicts[i]?.invalid === undefined);
      const refused = asked.filter((i) => verdicts[i]?.refusals.has(rule.id));
      const differs = asked.filter((i) => verdicts[i]?.refusals.has(rule.id) !== own[i]?.refusals.has(rule.id));
      const apart = cases.length - asked.length;
      return [
        `${refused.length}-${asked.length - refused.length}`,
        ...(apart > 0 ? [`(${apart})`] : []),
        ...(differs.length > 0 ? [`!${differs.length}`] : []),
      ].join(' ');
    });
    return [rule.id, String(casesOf('in-process').length), ...cells];
  });
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map((row) => (row[i] as string).length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] as number))
      .join('  ')
      .trimEnd();
  return [
    line(header),
    ...rows.map(line),
    'refused-passed, (refused by the API server before any policy, or beyond what the program can do), !disagreements',
    '',
  ].join('\n');
}
