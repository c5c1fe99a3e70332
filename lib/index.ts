export * from './constructs/app-project/index.ts';
export * from './constructs/application-set/index.ts';
export * from './constructs/bootstrap/index.ts';
export * from './constructs/index.ts';
export * from './core/clock.ts';
export * from './core/errors.ts';
export * from './core/fileset.ts';
export * from './core/finding.ts';
