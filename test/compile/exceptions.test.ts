import { describe, expect, test } from 'vitest';
import { createCompiler } from '../../lib/compile/compile.ts';
import { findingLine } from '../../lib/report/comment.ts';
import { compileInput, manifests, OPENED, platform, previewText } from '../support/inputs.ts';

const DAY = 86_400;
const exception = (extra: string) =>
  manifests({
    'exceptions/lb.yaml': `apiVersion: greenroom.dev/v1alpha1
kind: Exception
spec:
  rule: allowed-registries
  reason: the vendor publishes only there
${extra}`,
  });
const FULL = '  repository: acme/shop\n  approver: "@alice"\n  until: 2026-12-31\n';

const compile = (exceptions: ReturnType<typeof exception>, now = OPENED) =>
  createCompiler({ platform: platform(), exceptions, now })(compileInput(previewText('', 'quay.io/vendor/tool:1')));

describe('exceptions before commit', () => {
  test('one that fits lets the finding pass, and every report names it', () => {
    const { denied, findings } = compile(exception(FULL));
    expect(denied).toBe(false);
    expect(findings).toMatchObject([{ rule: 'allowed-registries', exception: 'lb' }]);
    expect(findingLine(findings[0]!)).toContain('(let pass by exception lb)');
  });

  test.each([
    ['for another repository', FULL.replace('acme/shop', 'acme/other'), OPENED],
    ['without an approver', FULL.replace('  approver: "@alice"\n', ''), OPENED],
    ['for no repository in particular', FULL.replace('  repository: acme/shop\n', ''), OPENED],
    ['that ended', FULL, OPENED + 60 * DAY],
    ['that would hold for years', FULL.replace('2026-12-31', '2029-12-31'), OPENED],
  ])('one %s lifts nothing', (_, text, now) => {
    const { denied, findings } = compile(exception(text), now);
    expect(denied).toBe(true);
    expect(findings[0]).not.toHaveProperty('exception');
  });
});
