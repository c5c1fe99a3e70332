import type { Problem } from '../core/errors.ts';
import type { Finding } from '../core/finding.ts';

/** A finding in an object, or in any file. */
export type SarifFinding = Pick<Finding, 'rule' | 'severity' | 'message' | 'file' | 'line' | 'column'> &
  Partial<Pick<Finding, 'exception' | 'object' | 'field'>>;

/** Text of a rule in SARIF. */
export interface RuleText {
  readonly id: string;
  readonly title: string;
  readonly why: string;
}

/**
 * Findings and problems as a SARIF 2.1.0 log for code scanning services.
 *
 * Source: OASIS, Static Analysis Results Interchange Format 2.1.0.
 */
export function sarif(
  findings: readonly SarifFinding[],
  problems: readonly Problem[],
  rules: readonly RuleText[],
  version: string,
): unknown {
  const used = new Set(findings.map(({ rule }) => rule));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'greenroom',
            version,
            rules: rules
              .filter(({ id }) => used.has(id))
              .map(({ id, title, why }) => ({ id, shortDescription: { text: title }, fullDescription: { text: why } })),
          },
        },
        results: [
          ...findings.map((finding) => ({
            ruleId: finding.rule,
            level: finding.severity === 'deny' ? 'error' : 'warning',
            message: { text: finding.message },
            locations: [location(finding, objectName(finding))],
            ...(finding.exception === undefined
              ? {}
              : { suppressions: [{ kind: 'external', justification: `exception ${finding.exception}` }] }),
          })),
          ...problems.map((problem) => ({
            level: 'error',
            message: { text: problem.message },
            locations: [location(problem, problem.field ?? '')],
          })),
        ],
      },
    ],
  };
}

function objectName({ object, field = '' }: SarifFinding): string {
  return object === undefined ? field : `${object.kind}/${object.name} ${field}`;
}

function location({ file, line, column }: Pick<Problem, 'file' | 'line' | 'column'>, name: string) {
  return {
    physicalLocation: {
      artifactLocation: { uri: encodeURI(file ?? '') },
      ...(line === undefined || line < 1 ? {} : { region: { startLine: line, startColumn: Math.max(column ?? 1, 1) } }),
    },
    ...(name === '' ? {} : { logicalLocations: [{ fullyQualifiedName: name }] }),
  };
}
