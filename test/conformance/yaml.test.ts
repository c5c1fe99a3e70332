import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { emitYaml } from '../../lib/core/yaml.ts';
import { AWKWARD_STRINGS } from '../support/awkward-strings.ts';
import { judge } from './judges.ts';
import { run, tryRun } from './run.ts';

interface Reading {
  readonly documents: readonly unknown[];
  readonly error?: string;
}

let yamlread: string;
beforeAll(async () => {
  yamlread = await judge('yamlread');
});

/** What Kubernetes' reader makes of each value once it was written; one run for all, joined by document marks. */
async function readBack(values: readonly unknown[]): Promise<readonly unknown[]> {
  const stdin = values.map((value) => `---\n${emitYaml(value)}`).join('');
  const [reading] = JSON.parse(await run(yamlread, [], { stdin })) as [Reading];
  if (reading.error !== undefined) throw new Error(reading.error);
  return reading.documents;
}

/** JSON has no -0 and no undefined members: what a reader could give back at most. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe("the emitter's text in Kubernetes' own YAML reader", () => {
  it.each([
    ['values', (text: string) => ({ text })],
    ['keys', (text: string) => ({ [text]: 1 })],
    ['items', (text: string) => ({ list: [text, [text], { text }] })],
    ['lines of a block', (text: string) => ({ text: `first\n${text}\nlast\n`, nested: { text: `${text}\n` } })],
  ])('is the same data: awkward strings as %s', async (_, wrap: (text: string) => unknown) => {
    const values = AWKWARD_STRINGS.map(wrap);
    expect(await readBack(values)).toEqual(values);
  });

  it('is the same data: any JSON value', async () => {
    const string = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary-ascii' }),
      fc.constantFrom(...AWKWARD_STRINGS),
    );
    const leaf = fc.oneof(
      string,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('value')), fc.dictionary(string, tie('value'))),
    }));
    // Each sample is a batch, so that the reader starts a few times and not thousands of times.
    const batch = fc.array(fc.record({ value }), { minLength: 100, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(batch, async (values) => {
        expect(await readBack(values)).toEqual(values.map(asJson));
      }),
      { numRuns: 30 },
    );
  });

  it('is told from other data: what plain text would be read as', async () => {
    const { stdout } = await tryRun(yamlread, [], { stdin: 'a: off\nb: 0o17\nc: 1_0\n' });
    const [reading] = JSON.parse(stdout) as [Reading];
    expect(reading.documents).not.toEqual([{ a: 'off', b: '0o17', c: '1_0' }]);
  });
});
