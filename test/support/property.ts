import { configureGlobal } from 'fast-check';

// `npm test` looks at the same cases every time; another GREENROOM_SEED looks at others.
const { GREENROOM_SEED, GREENROOM_SOAK } = process.env;
if (GREENROOM_SEED !== undefined) configureGlobal({ seed: Number(GREENROOM_SEED) });

/** So many random cases in `npm run soak`; in `npm test` the first tenth of them, and no fewer than five. */
export function runs(whole: number): number {
  return GREENROOM_SOAK === undefined ? Math.min(whole, Math.max(5, Math.ceil(whole / 10))) : whole;
}

/** A list whole in `npm run soak`; in `npm test` every tenth of it. */
export function some<T>(list: readonly T[]): T[] {
  return list.filter((_, i) => GREENROOM_SOAK !== undefined || i % 10 === 0);
}

export { default } from 'fast-check';
