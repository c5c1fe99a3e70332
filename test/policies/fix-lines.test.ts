import { expect, test } from 'vitest';
import { checkText } from '../../lib/policies/check-text.ts';
import { createChecker } from '../../lib/policies/checker.ts';
import fc, { runs } from '../support/property.ts';
import { CASE_NAMESPACE } from './cases.ts';
import { PARAMS } from './support.ts';

const checker = createChecker({ params: PARAMS });

/** Lines of a container's security context and of a pod that some rule mends. */
const WRONG = ['privileged: true', 'allowPrivilegeEscalation: true', 'procMount: Unmasked', 'runAsUser: 0'];
const WRONG_POD = ['hostPID: true', 'hostNetwork:   true', 'priorityClassName: high', 'nodeName: "n1"'];
/** Spaces that a tool which writes YAML anew would change. */
const spaced = (text: string, spaces: number) => text.replace(': ', `:${' '.repeat(spaces + 1)}`);

const workload = fc
  .record({
    context: fc.subarray(WRONG),
    pod: fc.subarray(WRONG_POD),
    spaces: fc.nat(3),
    comments: fc.boolean(),
    blank: fc.boolean(),
    quoted: fc.boolean(),
  })
  .map(({ context, pod, spaces, comments, blank, quoted }) =>
    [
      ...(comments ? ['# of the shop'] : []),
      spaced('apiVersion: apps/v1', spaces),
      'kind: Deployment',
      `metadata: {  name: ${quoted ? "'web'" : 'web'} }${comments ? '   # its name' : ''}`,
      'spec:',
      '  selector: { matchLabels: {app: web} }',
      ...(blank ? [''] : []),
      '  template:',
      '    metadata: {labels: { app:   web }}',
      '    spec:',
      ...pod.map((line) => `      ${line}${comments ? ' # why' : ''}`),
      '      containers:',
      '      -   name: web',
      `          image:  ghcr.io/acme/shop:1.0${comments ? '  # the app' : ''}`,
      '          resources: { limits: {cpu: 500m,  memory: 256Mi} }',
      '          securityContext:',
      '            readOnlyRootFilesystem:  true',
      ...context.map((line) => `            ${spaced(line, spaces)}`),
    ].join('\n'),
  );

const text = fc
  .record({
    documents: fc.array(workload, { minLength: 1, maxLength: 3 }),
    isCrlf: fc.boolean(),
    hasEnd: fc.boolean(),
    separator: fc.constantFrom('---', '--- # next', '---\n# next'),
  })
  .map(({ documents, isCrlf, hasEnd, separator }) => {
    const whole = documents.join(`\n${separator}\n`) + (hasEnd ? '\n' : '');
    return isCrlf ? whole.replaceAll('\n', '\r\n') : whole;
  });

test('lines that no fix replaces stay as they are, byte for byte and in their order', () => {
  let fixedFiles = 0;
  fc.assert(
    fc.property(text, (before) => {
      const { findings, fixed } = checkText(checker, before, { file: 'a.yaml', namespaceObject: CASE_NAMESPACE });
      if (fixed === before) return;
      fixedFiles += 1;
      const replaced = new Set(
        findings.flatMap(({ fix }) =>
          fix === undefined ? [] : Array.from({ length: fix.endLine - fix.startLine + 1 }, (_, i) => fix.startLine + i),
        ),
      );
      const after = fixed.split('\n');
      let at = 0;
      for (const [i, line] of before.split('\n').entries()) {
        if (replaced.has(i + 1)) continue;
        const found = after.indexOf(line, at);
        expect(found, `line ${i + 1}: ${JSON.stringify(line)}\n${fixed}`).toBeGreaterThanOrEqual(at);
        at = found + 1;
      }
      expect(fixed.includes('\r\n')).toBe(before.includes('\r\n'));
      expect(fixed.endsWith('\n')).toBe(before.endsWith('\n'));
      // What was mended is mended once and for all.
      const again = checkText(checker, fixed, { file: 'a.yaml', namespaceObject: CASE_NAMESPACE });
      expect(again.fixed).toBe(fixed);
    }),
    { numRuns: runs(400) },
  );
  expect(fixedFiles).toBeGreaterThan(5);
});
