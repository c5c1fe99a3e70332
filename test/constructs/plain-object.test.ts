import { ApiObject, App, Chart, JsonPatch, Lazy } from 'cdk8s';
import { expect, it } from 'vitest';
import { PlainObject } from '../../lib/constructs/plain-object.ts';
import fc from '../support/property.ts';

const METADATA = { name: 'x', namespace: 'y', labels: { a: 'b' }, annotations: {}, finalizers: [] };

/** What cdk8s itself makes of the same props, and what the quick copy does. */
function both(body: object, app = new App()): { cdk8s: unknown; plain: unknown } {
  const chart = new Chart(app, 'test');
  const props = { apiVersion: 'v1', kind: 'Thing', metadata: METADATA, ...body };
  return {
    cdk8s: new ApiObject(chart, 'cdk8s', props).toJson(),
    plain: new PlainObject(chart, 'plain', props).toJson(),
  };
}

it('gives the manifest that cdk8s gives, for plain data of any shape', () => {
  const key = fc
    .string()
    .filter((k) => !['__proto__', 'resolve', 'constructor', 'metadata', 'kind', 'apiVersion'].includes(k));
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(undefined),
      fc.array(tie('tree').filter((item) => item !== undefined)),
      fc.dictionary(key, tie('tree'), { noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(key, tree, { noNullPrototype: true }), (body) => {
      const { cdk8s, plain } = both(body);
      expect(plain).toEqual(cdk8s);
    }),
  );
});

it('leaves to cdk8s what is more than plain data', () => {
  const lazy = both({ spec: { list: [{ deep: Lazy.any({ produce: () => 'late' }) }] } });
  expect(lazy.plain).toEqual(lazy.cdk8s);
  expect(lazy.plain).toMatchObject({ spec: { list: [{ deep: 'late' }] } });
  expect(() => both({ spec: { when: new Date(0) } })).toThrow(/can't render non-simple object/);
});

it('takes JSON patches and resolvers', () => {
  const object = new PlainObject(new Chart(new App(), 'test'), 'x', {
    apiVersion: 'v1',
    kind: 'Thing',
    spec: { a: 1 },
  });
  object.addJsonPatch(JsonPatch.replace('/spec/a', 2));
  expect(object.toJson()).toMatchObject({ spec: { a: 2 } });
  const shout = {
    resolve: (context: { value: unknown; replaceValue(value: unknown): void }) => {
      if (context.value === 'quiet') context.replaceValue('LOUD');
    },
  };
  const { plain } = both({ spec: { a: 'quiet' } }, new App({ resolvers: [shout] }));
  expect(plain).toMatchObject({ spec: { a: 'LOUD' } });
});

it('copies: a manifest that was read does not change with the construct', () => {
  const spec = { list: [1] };
  const object = new PlainObject(new Chart(new App(), 'test'), 'x', { apiVersion: 'v1', kind: 'Thing', spec });
  const first = object.toJson();
  spec.list.push(2);
  expect(first).toMatchObject({ spec: { list: [1] } });
  expect(object.toJson()).toMatchObject({ spec: { list: [1, 2] } });
});
