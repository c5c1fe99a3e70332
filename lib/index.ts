export { type ChartInput, type PreviewCharts, previewCharts } from './compile/charts.ts';
export { type CompiledPreview, type CompileInput, type Compiler, createCompiler } from './compile/compile.ts';
export * from './constructs/app-project/index.ts';
export * from './constructs/application-set/index.ts';
export * from './constructs/bootstrap/index.ts';

export * from './constructs/index.ts';
export * from './constructs/preview-policies/index.ts';
export * from './core/clock.ts';
export * from './core/errors.ts';
export * from './core/fileset.ts';
export * from './core/finding.ts';
export { emitYaml } from './core/yaml.ts';
export { loadPlatform, loadPreview } from './model/files.ts';
export { type Identity, previewHost, previewName } from './model/identity.ts';
export type { Loaded, Positions } from './model/load.ts';
export type { Platform, PlatformSpec } from './model/platform.ts';
export type { Preview, PreviewSpec } from './model/preview.ts';
