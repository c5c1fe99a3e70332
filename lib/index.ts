export * from './core/clock.ts';
export * from './core/errors.ts';
export * from './core/fileset.ts';
export * from './core/finding.ts';
