import { describe, expect, test } from 'vitest';
import { changesOf } from '../../lib/report/markers.ts';
import type { ObjectChange, PreviewState } from '../../lib/report/state.ts';
import { readMarkdown } from '../support/markdown.ts';
import fc, { runs } from '../support/property.ts';
import { comment, finding, live } from './support.ts';

const ready = (objects: readonly ObjectChange[], isNew = false): PreviewState => {
  return { state: 'committed', preview: live, findings: [], objects, isNew };
};
const deployment = (image: string) => `kind: Deployment\nspec:\n  image: ${image}\n`;
const changed: ObjectChange = { path: 'app/deployment.a.yaml', before: deployment('a:1'), after: deployment('a:2') };
const added: ObjectChange = { path: 'app/service.a.yaml', before: null, after: 'kind: Service\n' };
const removed: ObjectChange = { path: 'app/configmap.a.yaml', before: 'kind: ConfigMap\n', after: null };

describe('what changed in the rendered objects', () => {
  test('a diff of each, with counts', () => {
    const text = comment(ready([changed, added, removed]));
    expect(text).toContain('**3 objects** since the last sync: 1 changed, 1 added, 1 removed, +2 -2 lines');
    const { codeBlocks, html } = readMarkdown(text);
    expect(codeBlocks.map(({ lang }) => lang)).toEqual(['diff', 'diff', 'diff']);
    expect(codeBlocks.some((block) => block.text.includes('-  image: a:1\n+  image: a:2'))).toBe(true);
    expect(html.filter((tag) => /^<\/?details/.test(tag))).toHaveLength(2);
  });

  test('for a first preview, the list of objects', () => {
    const text = comment(ready([added, { ...added, path: 'fence/namespace.a.yaml' }], true));
    expect(text).toContain('**2 objects**, all of them new:\n\n- `app/service.a.yaml`\n- `fence/namespace.a.yaml`');
    expect(readMarkdown(text).codeBlocks).toEqual([]);
  });

  test('a sync that changes nothing keeps what the last one showed', () => {
    const first = comment(ready([changed]));
    expect(comment(ready([]), { previous: first })).toBe(first);
    expect(comment(ready([]), { previous: first.replaceAll('\n', '\r\n') })).toBe(first);
    const next = comment(ready([added]), { previous: first });
    expect(next).not.toContain('a:2');
  });

  test('what was edited by hand since is not kept', () => {
    const first = comment(ready([changed]));
    const edited = first.replace('+  image: a:2', '+  image: a:3');
    expect(changesOf(edited)).toBeNull();
    expect(comment(ready([]), { previous: edited })).not.toContain('a:3');
  });

  test('findings with their rules and fields', () => {
    const text = comment({ state: 'denied', findings: [finding], live: null });
    expect(text).toContain('- `max-size` deny: `Deployment/pr-shop-7` `spec.template.spec.containers[0].resources`');
  });
});

describe('length', () => {
  test('whole objects go, fences stay closed, and it says what was left out', () => {
    const big = (n: number): ObjectChange => {
      const lines = Array.from({ length: 200 }, (_, i) => `k${i}: ${'x'.repeat(50 + n)}\n`).join('');
      return { path: `app/configmap.${n}.yaml`, before: null, after: lines };
    };
    const objects = Array.from({ length: 12 }, (_, n) => big(n));
    const text = comment(ready(objects));
    expect(text.length).toBeLessThanOrEqual(60_000);
    const { codeBlocks, html } = readMarkdown(text);
    expect(codeBlocks.length).toBeGreaterThan(1);
    for (const block of codeBlocks) expect(block.text.split('\n')).toHaveLength(201);
    expect(text).toContain(`${12 - codeBlocks.length} objects left out here for length`);
    expect(html).toContain('</details>');
  });

  test('an object of very many lines is named and not diffed', () => {
    const after = 'a: b\n'.repeat(50_000);
    const text = comment(ready([{ path: 'app/configmap.a.yaml', before: 'a: c\n'.repeat(50_000), after }]));
    expect(text).toContain('`app/configmap.a.yaml` changed, +50000 -50000');
    expect(text.length).toBeLessThan(2000);
  });

  test('many findings are cut by whole entries, with a word about the rest', () => {
    const findings = Array.from({ length: 5000 }, (_, i) => ({ ...finding, line: i + 1, message: 'x'.repeat(299) }));
    const text = comment({ state: 'denied', findings, live: null });
    expect(text.length).toBeLessThanOrEqual(60_000);
    expect(text).toContain('and 4980 more');
    expect(readMarkdown(text).html).toContain('</details>');
  });

  test('whatever there is to say, at most 60,000 characters', () => {
    const long = fc.string({ unit: 'binary', maxLength: 3000 }).map((text) => text.repeat(20));
    fc.assert(
      fc.property(fc.array(fc.record({ message: long, file: long, field: long }), { maxLength: 60 }), (parts) => {
        const findings = parts.map((part) => ({ ...finding, ...part }));
        const objects = parts.map(({ file, message }) => ({ path: file, before: message, after: file }));
        expect(comment({ state: 'denied', findings, live }).length).toBeLessThanOrEqual(60_000);
        expect(comment(ready(objects)).length).toBeLessThanOrEqual(60_000);
      }),
      { numRuns: runs(15) },
    );
  });
});
