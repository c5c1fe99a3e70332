export { type ChartInput, type PreviewCharts, previewCharts } from './compile/charts.ts';
export { type CompiledPreview, type CompileInput, type Compiler, createCompiler } from './compile/compile.ts';
export * from './constructs/app-project/index.ts';
export * from './constructs/application-set/index.ts';
export * from './constructs/bootstrap/index.ts';
export * from './constructs/flux/index.ts';

export * from './constructs/index.ts';
export * from './constructs/preview-policies/index.ts';
export * from './constructs/pull-request-previews/index.ts';
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
export { type CelCompiler, createCelCompiler } from './policies/cel.ts';
export {
  type CheckContext,
  type Checker,
  type CheckerOptions,
  createChecker,
  type Violation,
} from './policies/check.ts';
export { type CheckedText, type CheckTextOptions, checkText } from './policies/check-text.ts';
export { applyEdits, type Edit } from './policies/edit.ts';
export { type RuleParams, ruleParams } from './policies/params.ts';
export { PODS, type ResourceKind } from './policies/resources.ts';
export {
  CONTAINERS,
  type Condition,
  defineRule,
  type ItemList,
  inside,
  listAt,
  OWN_CONTAINERS,
  type Rule,
  type RuleSpec,
  ruleMessage,
  VOLUMES,
} from './policies/rule.ts';
export type { RuleChoice, Severities } from './policies/rule-set.ts';
export { RULES } from './policies/rules/index.ts';
