// More of the lives that test/sync/model.test.ts lives through.
// A quick run has half of them.
process.env['GREENROOM_SEQUENCES'] ??= process.env['GREENROOM_QUICK'] === '1' ? '5000' : '10000';
// The same ones in every run; another GREENROOM_SEED lives through others.
process.env['GREENROOM_SEED'] ??= '77001';

await import('../sync/model.test.ts');

export {};
