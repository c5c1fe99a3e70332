import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { GreenroomError, type Problem } from '../../lib/core/errors.ts';
import { fieldName, loadDocument, looksLikeCredential, MAX_PLATFORM_BYTES } from '../../lib/model/load.ts';
import { platformSchema } from '../../lib/model/platform.ts';

function problemsOf(schema: z.ZodType, text: string): readonly Problem[] {
  try {
    loadDocument(schema, text, 'greenroom.yaml', { maxBytes: MAX_PLATFORM_BYTES });
  } catch (error) {
    if (error instanceof GreenroomError) return error.problems;
    throw error;
  }
  return [];
}

const messages = (schema: z.ZodType, text: string): string[] =>
  problemsOf(schema, text).map(({ line, field, message }) => `${line} ${field}: ${message}`);

describe('a platform file', () => {
  const SMALLEST = `apiVersion: greenroom.dev/v1alpha1
kind: Platform
spec:
  domain: apps.example.com
  sources: [{ owner: acme }]
  registries: [ghcr.io/acme]
`;

  it('is read, with the defaults of every section', () => {
    const { value, positions } = loadDocument(platformSchema, SMALLEST, 'greenroom.yaml');
    expect(Object.keys(value.spec.sizes)).toEqual(['small', 'medium', 'large']);
    expect(value.spec.ttl).toEqual({ default: '24h', max: '72h', warn: '4h' });
    expect(positions.of(['spec', 'sources', 0, 'owner'])).toMatchObject({ line: 5, column: 22 });
    expect(positions.of(['spec', 'ttl', 'max'])).toMatchObject({ line: 3, column: 1 });
  });

  it('has its mistakes listed by line, those in lists and nested settings too', () => {
    const text = SMALLEST.replace('[{ owner: acme }]', '[{ ower: acme, repos: [a/b] }]')
      .concat('  egress:\n    - { cidr: 1.2.3.4, ports: [443, 70000, http] }\n')
      .concat('  ingress:\n    tls: { isuer: x }\n    kind: nginx\n')
      .concat('  sizes: { Big: { limits: { cpu: 1 } } }\n')
      .concat('  slots: { total: 0 }\n  engines: [vap]\n');
    expect(messages(platformSchema, text)).toEqual([
      '5 spec.sources[0].ower: "ower" is not a setting; did you mean "owner"?',
      '5 spec.sources[0].repos[0]: must be a repository name such as shop; found "a/b"',
      '8 spec.egress[0].cidr: must be an IPv4 network such as 203.0.113.0/24; found "1.2.3.4"',
      '8 spec.egress[0].ports[1]: must be at most 65535; found 70000',
      '8 spec.egress[0].ports[2]: must be a number; found "http"',
      '10 spec.ingress.tls.isuer: "isuer" is not a setting; did you mean "issuer"?',
      '11 spec.ingress.kind: must be one of ingress, gateway; found "nginx"',
      '12 spec.sizes.Big: has a name that must be lower-case letters, digits and dashes',
      '13 spec.slots.total: must be at least 1; found 0',
      '14 spec.engines: "engines" is not a setting here; it belongs under "spec.policies"',
    ]);
  });

  it('has mistakes between settings reported where they are, or where they would be', () => {
    expect(messages(platformSchema, `${SMALLEST}  namespace: { limitRange: { max: { cpu: 400m } } }\n`)).toEqual([
      '7 spec.namespace.limitRange.default.cpu: must not be above limitRange.max.cpu, which is 400m; found 500m',
      '7 spec.namespace.limitRange.max.cpu: leaves no size: the smallest default has a limit of 500m; define sizes that fit into 400m',
    ]);
  });
});

describe('sentences', () => {
  it.each<[string, z.ZodType, string, string]>([
    ['a multiple', z.number().multipleOf(5), '7', 'must be a multiple of 5; found 7'],
    ['an open bound', z.number().gt(3), '3', 'must be more than 3; found 3'],
    ['a list that is too short', z.array(z.string()).min(2), '[a]', 'must have at least 2 items; found a list of 1'],
    ['one character', z.string().min(1), '""', 'must have at least 1 character; found ""'],
    ['either of two', z.union([z.string(), z.number()]), '[]', 'must be text, or a number; found a list of 0'],
    ['a boolean', z.boolean(), '"true"', 'must be true or false; found "true"'],
    ['a pattern without words', z.string().regex(/^a$/), 'b', 'must have another form; found "b"'],
  ])('say what is wrong: %s', (_, inner, text, message) => {
    expect(messages(z.strictObject({ a: inner }), `a: ${text}\n`)).toEqual([`1 a: ${message}`]);
  });

  it('name the other place where a setting belongs beside its parent', () => {
    const schema = z.strictObject({ outer: z.strictObject({ x: z.string().optional() }), why: z.string().optional() });
    expect(messages(schema, 'outer: { why: 1 }\n')).toEqual([
      '1 outer.why: "why" is not a setting here; it belongs on the same level as "outer"',
    ]);
  });

  it('leave a suggestion out where two are equally near', () => {
    const schema = z.strictObject({ cat: z.string().optional(), car: z.string().optional() });
    expect(messages(schema, 'cab: 1\n')).toEqual(['1 cab: "cab" is not a setting; allowed here: cat, car']);
  });

  it.each([
    ['prot', 'port'],
    ['Port', 'port'],
    ['ports', 'port'],
    ['por', 'port'],
    ['pot', 'port'],
    ['p0rt', 'port'],
    ['templte', 'template'],
    ['tempalet', 'template'],
    ['health-', 'health'],
  ])('understand %s as %s', (typo, meant) => {
    const schema = z.strictObject(
      Object.fromEntries(['template', 'port', 'health'].map((k) => [k, z.string().optional()])),
    );
    expect(messages(schema, `${typo}: x\n`)).toEqual([
      `1 ${typo}: "${typo}" is not a setting; did you mean "${meant}"?`,
    ]);
  });
});

describe('fieldName', () => {
  it('writes paths as Kubernetes does', () => {
    expect(fieldName(['spec', 'containers', 0, 'image'])).toBe('spec.containers[0].image');
    expect(fieldName(['metadata', 'labels', 'app.kubernetes.io/name'])).toBe(
      'metadata.labels["app.kubernetes.io/name"]',
    );
    expect(fieldName(['a', 'b\nc'])).toBe('a["b\\nc"]');
    expect(fieldName([])).toBe('');
  });
});

describe('looksLikeCredential', () => {
  it.each([
    'sk_live_4eC39HqLyjWDarjtT1zdp7dc',
    'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    'github_pat_11ABCDE',
    'glpat-xxxxxxxxxxxxxxxxxxxx',
    'AKIAIOSFODNN7EXAMPLE',
    'xoxb-123-abc',
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x',
    '-----BEGIN OPENSSH PRIVATE KEY-----',
    'postgres://shop:s3cret@db/shop',
    'PASSWORD=correct-horse',
    'api_key: abc',
    '3f786850e387550fdab836ed7e6dc881de23001b',
    'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    '550e8400-e29b-41d4-a716-446655440000',
    'x'.repeat(5000),
  ])('sees one in %.30s', (text) => {
    expect(looksLikeCredential(text)).toBe(true);
  });

  it.each([
    'debug',
    '/healthz',
    'web-service',
    'ghcr.io/acme/design-components-v2',
    'https://apps.example.com/some/long/path/to/a/page',
    'a-very-long-name-of-a-folder-with-many-words',
    'a sentence about a token and a password',
    '2026-11-24T08:00:00Z',
  ])('sees none in %s', (text) => {
    expect(looksLikeCredential(text)).toBe(false);
  });
});
