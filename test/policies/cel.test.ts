import { describe, expect, it } from 'vitest';
import { createCelCompiler, fromCel, toCel } from '../../lib/policies/cel.ts';
import { Quantity } from '../../lib/policies/quantity.ts';
import fc from '../support/property.ts';

const evaluate = (cel: string, object: unknown = {}): unknown =>
  createCelCompiler().compile(cel)({
    object: toCel(object),
    params: {},
    namespaceObject: null,
    oldObject: null,
    variables: {},
  });

describe('values', () => {
  it('are those of the API server: whole numbers are integers, nulls are not there', () => {
    expect(evaluate('object.a == 1 && type(object.a) == int', { a: 1 })).toBe(true);
    expect(evaluate('type(object.a) == double', { a: 1.5 })).toBe(true);
    expect(evaluate('has(object.a) || has(object.b.c)', { a: null, b: { c: null } })).toBe(false);
  });

  it('never come from a prototype', () => {
    expect(evaluate('has(object.constructor) || has(object.toString)')).toBe(false);
    const hostile = JSON.parse('{"__proto__": {"privileged": 1, "x": null}}') as unknown;
    expect(evaluate('has(object.privileged)', hostile)).toBe(false);
    expect(Object.getPrototypeOf(toCel(hostile))).toBe(Object.prototype);
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const clean = JSON.parse(JSON.stringify(value, (_, v: unknown) => (Object.is(v, -0) ? 0 : v))) as unknown;
        fc.pre(!JSON.stringify(clean).includes('null') && !JSON.stringify(clean).includes('__proto__'));
        expect(fromCel(toCel(clean))).toEqual(clean);
      }),
    );
  });

  it('too deep or too many are refused', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 200; i++) deep = [deep];
    expect(() => toCel(deep)).toThrowError(RangeError);
    expect(() => toCel(Array.from({ length: 300_000 }, () => 1))).toThrowError(RangeError);
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    expect(() => toCel(cyclic)).toThrowError(RangeError);
  });
});

describe('expressions', () => {
  it.each([
    ['an unknown variable', 'request.userInfo.username == ""'],
    ['an unknown function', 'frobnicate(object)'],
    ['a function that only some engines have', 'object.a.replace("a", "b") == ""'],
    ['a function of this library alone', 'object.a.json() == {}'],
    ['a flag in a pattern', 'object.a.matches("(?i)x")'],
    ['a look-ahead', 'object.a.matches("x(?=y)")'],
    ['a named class', 'object.a.matches("[[:alpha:]]")'],
    ['a Unicode class', 'object.a.matches(r"\\pL")'],
    ['an end of text', 'object.a.matches(r"x\\z")'],
    ['a pattern from the object', '"x".matches(object.a)'],
    ['wrong types', '1 + "a" == 2'],
    ['no expression', 'object.a =='],
    ['four loops in one another', '[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))'],
    ['a text that is too long', `"${'x'.repeat(17_000)}" == ""`],
  ])('refuse %s when they are loaded', (_, cel) => {
    expect(() => createCelCompiler().compile(cel)).toThrowError();
  });

  it.each([
    ['object.a.matches("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")', { a: 'abc' }],
    ['object.?a.?b.orValue("x") == "x"', {}],
    ['quantity("1.5Gi").compareTo(quantity("1536Mi")) == 0 && isQuantity("1k") && !isQuantity("1K")', {}],
    ['[1, 2].exists(i, i == 2) && "b" in {"b": 1}', {}],
  ])('take %s', (cel, object) => {
    expect(evaluate(cel, object)).toBe(true);
  });
});

describe('quantities', () => {
  it.each([
    ['0.5', '500m'],
    ['1e3', '1k'],
    ['1E3', '1000'],
    ['+1', '1'],
    ['1Ki', '1024'],
    ['0.1Gi', '107374182.4'],
    ['1P', '1000T'],
    ['.5', '500m'],
    ['0.1n', '1n'],
    ['100000000Ei', '9223372036854775807'],
  ])('%s is %s', (a, b) => {
    expect(Quantity.parse(a)?.compareTo(Quantity.parse(b)!)).toBe(0n);
  });

  it.each(['', 'Mi', '1K', '1 Gi', '1,5', '0x10', 'much', '1i', '--1', '1e', '1'.repeat(65)])('%j is none', (text) => {
    expect(Quantity.parse(text)).toBeUndefined();
  });

  it('are ordered like the numbers that they stand for', () => {
    const quantity = fc.tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.constantFrom('', 'm', 'k', 'Mi'));
    const number = ([n, suffix]: [number, string]) => n * { '': 1, m: 1e-3, k: 1e3, Mi: 2 ** 20 }[suffix]!;
    fc.assert(
      fc.property(quantity, quantity, (a, b) => {
        const order = Quantity.parse(a.join(''))!.compareTo(Quantity.parse(b.join(''))!);
        const difference = number(a) - number(b);
        if (Math.abs(difference) > 1e-6) expect(Number(order)).toBe(Math.sign(difference));
      }),
    );
  });
});
