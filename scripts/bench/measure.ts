import { spawnSync } from 'node:child_process';

/** Milliseconds, smallest, middle and largest of several runs. */
export interface Timing {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly input?: string;
  /** Exit codes that are fine. @default 0 */
  readonly codes?: readonly number[];
}

/** Runs a command once and returns its milliseconds. A failure ends the benchmark. */
export function timeCommand({ program, args, cwd, input = '', codes = [0] }: Command): number {
  const start = process.hrtime.bigint();
  const run = spawnSync(program, args, { cwd, input, maxBuffer: 1 << 28 });
  const elapsed = Number(process.hrtime.bigint() - start) / 1e6;
  if (run.error) throw run.error;
  if (!codes.includes(run.status ?? -1))
    throw new Error(`${program} ${args.join(' ')}: exit ${run.status}\n${run.stderr}`);
  return elapsed;
}

/** Measures candidates alternately, A B A B, so that a slower machine affects all of them. */
export async function interleave(
  candidates: Readonly<Record<string, () => number | Promise<number>>>,
  rounds: number,
): Promise<Record<string, Timing>> {
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of Object.entries(candidates)) {
      const time = await run();
      // The first round warms the caches of the file system.
      if (round > 0) times[name]!.push(time);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, summarize(values)]));
}

export function summarize(values: readonly number[]): Timing {
  const sorted = [...values].sort((a, b) => a - b);
  return { min: sorted[0]!, median: sorted[sorted.length >> 1]!, max: sorted.at(-1)! };
}

/** Milliseconds that some work takes. */
export async function time(work: () => unknown): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

export function row(label: string, { min, median, max }: Timing): void {
  console.log(`  ${label.padEnd(44)} ${ms(median).padStart(10)}   (${ms(min)} to ${ms(max)})`);
}

/** Prints a ratio and its target, and whether it misses it. */
export function ratio(label: string, value: number, target: { atMost?: number; atLeast?: number }): void {
  const met = value <= (target.atMost ?? Infinity) && value >= (target.atLeast ?? 0);
  const wanted = target.atMost === undefined ? `at least ${target.atLeast}` : `at most ${target.atMost}`;
  console.log(`  = ${label.padEnd(42)} ${value.toFixed(2).padStart(10)}x  (${wanted}${met ? '' : ': MISSED'})`);
  if (!met) process.exitCode = 1;
}

function ms(value: number): string {
  return value >= 10_000 ? `${(value / 1000).toFixed(1)} s` : `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
