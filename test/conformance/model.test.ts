// More of the lives that test/sync/model.test.ts lives through.
process.env['GREENROOM_SEQUENCES'] ??= '10000';
// The same ones in every run; another GREENROOM_SEED lives through others.
process.env['GREENROOM_SEED'] ??= '77001';

await import('../sync/model.test.ts');

export {};
