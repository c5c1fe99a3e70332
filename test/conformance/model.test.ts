// More of the lives that test/sync/model.test.ts lives through.
process.env['GREENROOM_SEQUENCES'] ??= '10000';

await import('../sync/model.test.ts');

export {};
