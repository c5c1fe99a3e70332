import { describe, expect, test } from 'vitest';
import {
  type Effect,
  type FileChange,
  hurtWords,
  IMPACT_MARKER,
  type Impact,
  renderImpact,
} from '../../lib/report/impact.ts';

const written = (impacts: readonly Impact[], files: readonly FileChange[]) => renderImpact(impacts, files, 60_000);

const impact = (number: number, effect: Effect): Impact => {
  return { name: `pr-shop-${number}`, repository: 'acme/shop', number, effect };
};
const changed = (before: string | null, after: string | null, path = 'app/configmap.x.yaml'): Effect => {
  return { kind: 'changed', files: [{ path, before, after }] };
};

describe('the comment on a change of the platform', () => {
  test('nothing that a maker wrote gets out of its fence', () => {
    const hostile =
      '</details>\n````\n@acme/everybody <!-- greenroom:preview --> ![x](https://evil.example/x.png)\n\u202e\u001b[2J\n';
    const text = written([impact(1, changed('', hostile))], []);
    expect(text.startsWith(`${IMPACT_MARKER}\n`)).toBe(true);
    expect(text).toContain('`````diff\n');
    const outside = text.replace(/^`{5}diff\n[\s\S]*?^`{5}$/m, '');
    for (const part of ['@acme', 'evil.example', 'greenroom:preview', '\u202e', '\u001b'])
      expect(outside).not.toContain(part);
    for (const part of ['\u202e', '\u001b']) expect(text).not.toContain(part);
  });

  test('names, paths and reasons are inert', () => {
    const reason = 'ask @acme/web, see [this](https://evil.example) <img>';
    const text = written(
      [impact(1, { kind: 'removed', reason })],
      [{ path: 'policies/<img src=x>@acme.yaml', before: 'a\n', after: 'b\n' }],
    );
    expect(text).not.toMatch(/(?<!`)@acme|(?<!\\)<img|(?<!\\)\]\(/);
    expect(text).toContain('<summary>policies/&lt;img src=x&gt;');
  });

  test('previews that change alike are shown once, others by themselves', () => {
    const effect = (n: number, cpu: string) =>
      changed(`name: pr-shop-${n}\ncpu: 1\n`, `name: pr-shop-${n}\ncpu: ${cpu}\n`);
    const text = written([impact(1, effect(1, '2')), impact(2, effect(2, '2')), impact(3, effect(3, '4'))], []);
    expect(text.match(/^\+cpu: 2$/gm)).toHaveLength(1);
    expect(text).toContain('1 object of each of 2 previews: pr-shop-1, pr-shop-2');
    expect(text).toContain('1 object of pr-shop-3');
  });

  test('it fits into a comment however much changes: whole parts go, fences stay closed, and it says so', () => {
    const impacts = Array.from({ length: 300 }, (_, i) => impact(i, changed(null, `${`line ${i}\n`.repeat(1500)}`)));
    const text = written(impacts, []);
    expect(text.length).toBeLessThan(60_000);
    expect(text).toMatch(/\d+ more parts left out for length; `greenroom diff` shows all/);
    expect(text).toMatch(/\(cut: \d+ more lines\)/);
    expect(text.match(/<details>/g)).toHaveLength(text.match(/<\/details>/g)!.length);
    expect(text.match(/^```/gm)!.length % 2).toBe(0);
  });

  test('what needs a yes is said in one sentence', () => {
    const moved = { kind: 'moved', from: 'a', to: 'b' } as const;
    expect(hurtWords([impact(1, moved), impact(2, moved), impact(3, { kind: 'removed', reason: 'x' })])).toBe(
      'moves 2 live previews (pr-shop-1, pr-shop-2) and removes 1 live preview (pr-shop-3)',
    );
    expect(hurtWords([impact(1, { kind: 'same' }), impact(2, { kind: 'refused', reasons: [] })])).toBeNull();
  });
});
