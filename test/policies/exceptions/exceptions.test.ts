import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../lib/core/finding.ts';
import { type Exception, exceptionOf, exceptionSchema, untilSeconds } from '../../../lib/model/exception.ts';
import { applyExceptions, loadExceptions } from '../../../lib/policies/exceptions.ts';
import { RULES } from '../../../lib/policies/rules/index.ts';
import { platform } from '../../support/inputs.ts';

const NOW = Date.UTC(2026, 10, 1) / 1000;
const DAY = 86_400;

const document = (spec: Record<string, unknown>) => ({
  apiVersion: 'greenroom.dev/v1alpha1',
  kind: 'Exception',
  spec: {
    rule: 'allowed-registries',
    repository: 'acme/shop',
    reason: 'the base image starts as root until the vendor fixes it',
    approver: '@alice',
    until: '2026-11-30',
    ...spec,
  },
});

function complaints(spec: Record<string, unknown>): string[] {
  const result = exceptionSchema.safeParse(document(spec));
  return result.success ? [] : result.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`);
}

function exception(spec: Record<string, unknown> = {}, file = 'exceptions/shop-root.yaml'): Exception {
  return exceptionOf(exceptionSchema.parse(document(spec)), file);
}

const finding = (rule: string): Finding => ({
  rule,
  severity: 'deny',
  message: 'x',
  file: 'preview.yaml',
  line: 1,
  column: 1,
  object: { apiVersion: 'v1', kind: 'Pod', name: 'app' },
  field: 'spec',
});

describe('an exception file', () => {
  test('is named after its file unless it names itself', () => {
    expect(exception().name).toBe('shop-root');
    const named = exceptionSchema.parse({ ...document({}), metadata: { name: 'vendor-image' } });
    expect(exceptionOf(named, 'exceptions/x.yaml').name).toBe('vendor-image');
  });

  test.each([
    [{ repository: undefined }, 'must name the one repository or preview'],
    [{ preview: 'pr-shop-7' }, 'not both'],
    [{ repository: '*' }, 'never covers all'],
    [{ repository: 'acme/*' }, 'never covers all'],
    [{ repository: undefined, preview: '*' }, 'spec.preview'],
    [{ rule: '*' }, 'never covers all'],
    [{ rule: undefined }, 'must name the rules that do not apply'],
    [{ rules: ['no-host-path'] }, 'must name the rules that do not apply'],
    [{ approver: undefined }, 'without an approver it does not count'],
    [{ approver: '  ' }, 'without an approver it does not count'],
    [{ reason: '' }, 'must give a reason'],
    [{ until: '2026-02-31' }, 'must be a day'],
    [{ until: '2026-11-30T12:00:00' }, 'with its zone'],
    [{ until: 'never' }, 'must be a day'],
  ])('%j is refused', (spec, sentence) => {
    expect(complaints(spec).join('\n')).toContain(sentence);
  });

  test('holds to the end of its last day in UTC', () => {
    expect(untilSeconds('2026-11-30')).toBe(Date.UTC(2026, 11, 1) / 1000);
    expect(untilSeconds('2026-11-30T12:00:00+02:00')).toBe(Date.UTC(2026, 10, 30, 10) / 1000);
  });
});

describe('an exception that is loaded', () => {
  const review = (spec: Record<string, unknown> = {}, now = NOW) =>
    loadExceptions(new Map([['exceptions/shop-root.yaml', JSON.stringify(document(spec))]]), {
      now,
      platform: platform(),
      rules: RULES,
    });

  test('honours one in its time', () => {
    const e = exception();
    expect(review()).toEqual({ honoured: [e], refused: [], malformed: [] });
    expect(review({}, e.until - 1).honoured).toEqual([e]);
  });

  test('refuses one from the second at which it ends, saying whom to ask', () => {
    const { honoured, refused } = review({}, exception().until);
    expect(honoured).toEqual([]);
    expect(refused).toEqual([
      {
        file: 'exceptions/shop-root.yaml',
        field: 'spec.until',
        message: 'exception shop-root ended at 2026-12-01T00:00:00Z; ask @alice for a new one or delete it',
      },
    ]);
  });

  test('refuses more than 90 days ahead, and rules that there are not', () => {
    const ninety = new Date((NOW + 90 * DAY) * 1000).toISOString();
    expect(review({ until: ninety }).refused).toEqual([]);
    const more = new Date((NOW + 90 * DAY + 1) * 1000).toISOString();
    expect(review({ until: more }).refused[0]?.message).toContain('at most 90 days');
    expect(review({ rule: 'no-such-rule' }).refused[0]?.message).toContain('there is no rule no-such-rule');
  });

  test.each([
    ['run-as-non-root', 'the Pod Security label'],
    ['no-privileged', 'the Pod Security label'],
    ['no-load-balancer', 'limits services.loadbalancers to 0'],
    ['allowed-kinds', 'policies.parameters.allowedKinds'],
    ['own-namespace', 'only write in its own namespace'],
  ])('refuses one to %s, which the fence would contradict', (rule, sentence) => {
    const { honoured, refused } = review({ rule });
    expect([honoured, refused[0]?.message]).toEqual([[], expect.stringContaining(sentence)]);
  });

  test('refuses one that is for nobody: a repository of no source, or what is no name of a preview', () => {
    for (const spec of [{ repository: 'other/shop' }, { repository: undefined, preview: 'shop-7' }]) {
      expect(review(spec).refused[0]?.message).toContain('has no effect');
    }
    expect(review({ repository: 'ACME/shop' }).refused).toEqual([]);
  });
});

describe('applyExceptions', () => {
  const shop = { name: 'pr-shop-7', repository: 'acme/shop' };

  test('marks what it lifts and leaves everything else as it is', () => {
    const findings = [finding('allowed-registries'), finding('no-host-path')];
    const [lifted, kept] = applyExceptions(findings, shop, [exception()]);
    expect(lifted).toEqual({ ...findings[0], exception: 'shop-root' });
    expect(kept).toBe(findings[1]);
  });

  test.each([
    [{}, { name: 'pr-shop-7', repository: 'Acme/Shop' }, true],
    [{}, { name: 'pr-shop-7', repository: 'acme/shop-api' }, false],
    [{}, { name: 'pr-shop-7', repository: 'evil/shop' }, false],
    [{ repository: undefined, preview: 'pr-shop-7' }, shop, true],
    [{ repository: undefined, preview: 'pr-shop-7' }, { ...shop, name: 'pr-shop-70' }, false],
  ])('%j for %j: %s', (spec, preview, lifts) => {
    const [result] = applyExceptions([finding('allowed-registries')], preview, [exception(spec)]);
    expect(result?.exception !== undefined).toBe(lifts);
  });
});

describe('loadExceptions', () => {
  const file = (spec: Record<string, unknown>) => JSON.stringify(document(spec));

  test('reads the good files and tells, with their places, of the others', () => {
    const { honoured, malformed } = loadExceptions(
      new Map([
        ['exceptions/a.yaml', file({})],
        [
          'exceptions/b.yaml',
          'apiVersion: greenroom.dev/v1alpha1\nkind: Exception\nspec:\n  rule: no-host-path\n  preview: pr-shop-7\n  reason: it is needed\n  until: 2026-12-01\n',
        ],
        ['exceptions/c.yaml', '{'],
      ]),
      { now: NOW, platform: platform(), rules: RULES },
    );
    expect(honoured.map((e) => e.name)).toEqual(['a']);
    expect(malformed.some((p) => p.file === 'exceptions/b.yaml' && p.message.includes('without an approver'))).toBe(
      true,
    );
    expect(malformed.some((p) => p.file === 'exceptions/c.yaml')).toBe(true);
  });
});
