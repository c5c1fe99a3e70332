import { describe, expect, it } from 'vitest';
import { GreenroomError } from '../../lib/core/errors.ts';
import { loadDocument, MAX_PLATFORM_BYTES } from '../../lib/model/load.ts';
import type { platformSchema } from '../../lib/model/platform.ts';
import { APP_FIELDS } from '../../lib/model/preview/app.ts';
import { previewSchema } from '../../lib/model/preview.ts';
import { TEMPLATE_NAMES } from '../../lib/model/templates/index.ts';

const PREVIEW = `# a comment
apiVersion: greenroom.dev/v1alpha1
kind: Preview
spec:
  template: web-service
  image: ghcr.io/acme/shop
  env:
    LOG_LEVEL: debug
`;

function load(text: string | Uint8Array) {
  return loadDocument(previewSchema, text, 'preview.yaml');
}

/** The lines of the refusal. */
function problems(text: string, schema: typeof previewSchema | typeof platformSchema = previewSchema): string[] {
  try {
    loadDocument(schema, text, 'preview.yaml', { maxBytes: MAX_PLATFORM_BYTES });
  } catch (error) {
    if (error instanceof GreenroomError && error.code === 'invalid-input') return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('a preview file that is right', () => {
  it('is read, with the defaults', () => {
    const { value, text, file } = load(PREVIEW);
    expect(value.spec).toMatchObject({
      template: 'web-service',
      port: 8080,
      size: null,
      env: { LOG_LEVEL: 'debug' },
    });
    expect({ text, file }).toEqual({ text: PREVIEW, file: 'preview.yaml' });
  });

  it('is read the same as bytes, with a byte order mark, with CRLF, and after ---', () => {
    const expected = load(PREVIEW).value;
    expect(load(new TextEncoder().encode(PREVIEW)).value).toEqual(expected);
    expect(load(`\ufeff${PREVIEW}`).value).toEqual(expected);
    expect(load(new TextEncoder().encode(`\ufeff${PREVIEW}`)).text).toBe(PREVIEW);
    expect(load(PREVIEW.replaceAll('\n', '\r\n')).value).toEqual(expected);
    expect(load(`---\n${PREVIEW}...\n`).value).toEqual(expected);
  });

  it('keeps the place of values and keys; a default is at the key of its parent', () => {
    const { positions } = load(PREVIEW);
    const at = (line: number, column: number) => ({ file: 'preview.yaml', line, column });
    expect(positions.of(['spec', 'image'])).toEqual(at(6, 10));
    expect(positions.ofKey(['spec', 'image'])).toEqual(at(6, 3));
    expect(positions.of(['spec', 'env', 'LOG_LEVEL'])).toEqual(at(8, 16));
    expect(positions.of(['spec', 'port'])).toEqual(at(4, 1));
    expect(positions.of(['spec', 'env', 'toString', 'x'])).toEqual(at(7, 3));
    expect(positions.has(['spec', 'env', 'LOG_LEVEL'])).toBe(true);
    expect(positions.has(['spec', 'port'])).toBe(false);
  });

  it('keeps text that looks like something else when it is in quotes', () => {
    const env = { A: 'on', B: '1', C: '', D: 'null', E: '0644', F: '<<', G: '99999999999999999999', H: 'a: b #c' };
    expect(
      load(`${PREVIEW}    ${JSON.stringify(env).slice(1, -1).replaceAll(',', '\n    ').replaceAll('":', '": ')}\n`)
        .value.spec.env,
    ).toEqual({
      LOG_LEVEL: 'debug',
      ...env,
    });
  });

  it('takes constructor and toString for names like any other', () => {
    const { env } = load(`${PREVIEW}    constructor: a\n    toString: b\n`).value.spec;
    expect(Object.entries(env)).toEqual([
      ['LOG_LEVEL', 'debug'],
      ['constructor', 'a'],
      ['toString', 'b'],
    ]);
  });
});

describe('a preview file with mistakes', () => {
  const HEAD = 'apiVersion: greenroom.dev/v1alpha1\nkind: Preview\nspec:\n  template: web-service\n';
  const IMAGE = '  image: ghcr.io/acme/shop\n';

  it('says what a misspelt setting was meant to be', () => {
    expect(problems(`${HEAD}${IMAGE}  prot: 8080\n`)).toEqual([
      'preview.yaml:6:3: spec.prot: "prot" is not a setting; did you mean "port"?',
    ]);
  });

  it('does not also miss what is there under a misspelt name', () => {
    expect(problems(`${HEAD}  imgae: ghcr.io/acme/shop\n`)).toEqual([
      'preview.yaml:5:3: spec.imgae: "imgae" is not a setting; did you mean "image"?',
    ]);
  });

  it('names the allowed settings where nothing is near, and the right place for a known one', () => {
    const settings = [...Object.keys(APP_FIELDS), 'apps', 'resources', 'paths', 'ttl', 'manifests'];
    expect(problems(`${HEAD}${IMAGE}  replicas: 3\nport: 8080\n`)).toEqual([
      `preview.yaml:6:3: spec.replicas: "replicas" is not a setting; allowed here: ${settings.join(', ')}`,
      'preview.yaml:7:1: port: "port" is not a setting here; it belongs under "spec"',
    ]);
  });

  it('reports all mistakes at once, in the order of the file', () => {
    expect(
      problems(`${HEAD}${IMAGE}  ttl: soon\n  port: 99999\n  size: 3\n  size: large\n  health: healthz\n`),
    ).toEqual([
      'preview.yaml:6:8: spec.ttl: must be a time such as 90m, 8h or 3d; found "soon"',
      'preview.yaml:7:9: spec.port: must be at most 65535; found 99999',
      'preview.yaml:8:9: spec.size: must be text; found 3; put it in quotes: "3"',
      'preview.yaml:9:3: spec.size: is set twice; keep one',
      'preview.yaml:10:11: spec.health: must be a path such as /healthz; found "healthz"',
    ]);
  });

  it('lists the values of a closed set', () => {
    expect(problems(`${HEAD.replace('web-service', 'web-servcie')}${IMAGE}`)).toEqual([
      `preview.yaml:4:13: spec.template: must be one of ${TEMPLATE_NAMES.join(', ')}; found "web-servcie"; did you mean web-service?`,
    ]);
  });

  it('says what is required, and where it belongs', () => {
    expect(problems(HEAD)).toEqual(['preview.yaml:3:1: spec.image: is required and must be text (The image to run)']);
    expect(problems(`${HEAD}  image: ghcr.io/acme/shop\n  resources: { db: {} }\n`)).toEqual([
      'preview.yaml:6:16: spec.resources.db.type: is required and must be text (A type that the platform offers, e.g. postgres, redis, mysql)',
    ]);
    expect(problems('kind: Preview\n')).toEqual([
      'preview.yaml:1:1: apiVersion: is required and must be greenroom.dev/v1alpha1',
      'preview.yaml:1:1: spec: is required and must be a group of settings',
    ]);
  });

  it.each([
    ['port: "8080"', 'spec.port: must be a number; found "8080"; leave out the quotes'],
    ['port: 80.5', 'spec.port: must be a whole number; found 80.5'],
    ['port: [8080]', 'spec.port: must be a number; found a list of 1'],
    ['port:', 'spec.port: must be a number; found nothing; fill it in or remove the line'],
    ['env: debug', 'spec.env: must be a group of names and values; found 5 characters'],
    [
      'env: { 1A: x }',
      'spec.env["1A"]: has a name that must be letters, digits and underscores, and not start with a digit',
    ],
    ['env: { A: true }', 'spec.env.A: must be text; found true or false; put it in quotes'],
    [
      'env: { A: on }',
      'spec.env.A: is text for some YAML readers and true for others: write "on" in quotes if you mean the word, true if it is a switch',
    ],
    [
      'resources: { q: redis }',
      'spec.resources.q: must be a group of settings; found "redis"; write it as q: { type: redis }',
    ],
    [
      'resources: { q: "glpat-abcdefghij0123456789" }',
      'spec.resources.q: must be a group of settings; found (26 characters, not shown); write it as q: { type: ... }',
    ],
    [
      'resources: redis',
      'spec.resources: must be a group of names and values; found "redis"; write it as resources: { <name>: { type: redis } }',
    ],
    [
      'resources: [redis]',
      'spec.resources: must be a group of names and values; found a list of 1; write it as resources: { <name>: { type: ... } }',
    ],
    ['env: { A: { b: c } }', 'spec.env.A: must be text; found a group of settings'],
    ['env: { PORT: "1" }', 'spec.env.PORT: is set from spec.port; remove it here'],
    [
      `health: /${'a'.repeat(200)}`,
      'spec.health: must have at most 200 characters; found "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…"',
    ],
  ])('explains %s', (line, message) => {
    expect(problems(`${HEAD}${IMAGE}  ${line}\n`).map((p) => p.replace(/^preview\.yaml:6:\d+: /, ''))).toEqual([
      message,
    ]);
  });

  it.each([
    ['a: [b', '1:4: has a [ that is never closed'],
    ['a: "b\n', '1:4: has a " that is never closed'],
    ["a: 'it''s\n", "1:4: has a ' that is never closed"],
    ['a: b: c\n', '1:4: has a second ": " on its line; put text that contains ": " in quotes'],
    ['a:\n\t- b\n', '2:1: is indented with a tab; use spaces'],
    ['a: @b\n', '1:4: begins with a character that has a special meaning; put the text in quotes'],
    ['a: "\\q"\n', '1:5: is an escape that YAML does not know; use single quotes, or write \\\\ for a backslash'],
    [
      'a: &b c\n',
      '1:4: is an anchor (&); write the value out where it is needed, or put text that begins with & in quotes',
    ],
    ['a: b\n---\nc: d\n', '2:1: begins a second document; keep one'],
  ])('points at the fault in %j', (text, message) => {
    expect(problems(text)).toEqual([`preview.yaml:${message}`]);
  });

  it('says that a file is empty, or is not a group of settings', () => {
    expect(problems('')).toEqual(['preview.yaml: is empty']);
    expect(problems('# nothing\n')).toEqual(['preview.yaml: is empty']);
    expect(problems('- a\n')).toEqual(['preview.yaml:1:1: must be a group of settings; found a list of 1']);
  });

  it('stops listing after a hundred, and says so', () => {
    const lines = problems(`${HEAD}${IMAGE}${Array.from({ length: 150 }, (_, i) => `  k${i}: x\n`).join('')}`);
    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toBe('preview.yaml: has 50 more problems');
  });
});

describe('what could be a secret', () => {
  const BODY =
    'apiVersion: greenroom.dev/v1alpha1\nkind: Preview\nspec:\n  template: web-service\n  image: ghcr.io/acme/shop\n';
  const SECRET = 'hunter2-Tr0ub4dor';

  it.each([
    `  secrets: { KEY: "${SECRET}!" }`,
    `  secrets: ${SECRET}`,
    `  env: ${SECRET}`,
    `  env: [${SECRET}]`,
    `  env: { A: { b: ${SECRET} } }`,
    `  env: { A: ${SECRET}: x }`,
    `  env: { A: "${SECRET} }`,
    `  env: { A: "\\q${SECRET}" }`,
    `  env:\n    A: b\n   ${SECRET}`,
    `  env: { A: 12345678901234567890 }`.replace('12345678901234567890', '98765432109876543210'),
    `  size: sk_live_${SECRET}${'x'.repeat(60)}`,
    `  health: "https://user:${SECRET}@example.com/"`,
    `  ttl: "password=${SECRET}"`,
    `  template2: { key: ${SECRET} }`,
    `  sk_live_${SECRET.replace('-', '')}: x`,
  ])('is not repeated: %s', (line) => {
    const message = problems(`${BODY}${line}\n`).join('\n');
    expect(message).not.toBe('');
    expect(message).not.toMatch(/hunter2|Tr0ub4dor|98765/);
  });
});
