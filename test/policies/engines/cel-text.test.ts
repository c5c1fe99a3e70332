import { Environment } from '@marcbachmann/cel-js';
import { describe, expect, test } from 'vitest';
import { celLiteral, renameVariable, usesVariable } from '../../../lib/policies/engines/cel-text.ts';
import fc from '../../support/property.ts';

describe('celLiteral', () => {
  test('wraps members, since Kubernetes wants them of one type otherwise', () => {
    expect(celLiteral({ a: [1, 'x'], b: { c: true } })).toBe(
      '{"a": dyn([dyn(1), dyn("x")]), "b": dyn({"c": dyn(true)})}',
    );
  });

  test('is read back as the same data', () => {
    const environment = new Environment({ unlistedVariablesAreDyn: false });
    const plain = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string({ unit: 'grapheme' }),
        fc.integer(),
        fc.boolean(),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(
          // The evaluator in this process leaves these out of map literals; admission engines do not.
          fc.string().filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)),
          tie('value'),
          { maxKeys: 4 },
        ),
      ),
    })).value;
    const normal = (_: string, v: unknown) => (typeof v === 'bigint' ? Number(v) : v);
    fc.assert(
      fc.property(plain, (value) => {
        const read = environment.evaluate(celLiteral(value), {});
        expect(JSON.parse(JSON.stringify(read, normal))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test.each([[Number.NaN], [() => 1], [Symbol('x')]])('refuses %s', (value) => {
    expect(() => celLiteral(value)).toThrow(TypeError);
  });
});

describe('renameVariable', () => {
  test.each([
    ['params.max', 'v.p.max'],
    ['x in params', 'x in v.p'],
    ['has(params.a) ? params.a : 1', 'has(v.p.a) ? v.p.a : 1'],
    ['object.params', 'object.params'],
    ['object.?params.orValue(1)', 'object.?params.orValue(1)'],
    ['object . params', 'object . params'],
    ['myparams + params2', 'myparams + params2'],
    [`"params" + 'params'`, `"params" + 'params'`],
    [`"a\\"params" + params`, `"a\\"params" + v.p`],
    [`r'\\' + params`, `r'\\' + v.p`],
    ['x // params\n&& params', 'x // params\n&& v.p'],
    ['"""params "x" params""" + params', '"""params "x" params""" + v.p'],
  ])('%s', (before, after) => {
    expect(renameVariable(before, 'params', 'v.p')).toBe(after);
    expect(usesVariable(before, 'params')).toBe(after !== before);
  });
});
