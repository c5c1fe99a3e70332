import { configureGlobal } from 'fast-check';

// `npm test` looks at the same cases every time; another GREENROOM_SEED looks at others.
const { GREENROOM_SEED } = process.env;
if (GREENROOM_SEED !== undefined) configureGlobal({ seed: Number(GREENROOM_SEED) });

export { default } from 'fast-check';
