// The public surface: every name written out, so that nothing is published by accident. A test pins it.
export { createCompiler } from './compile/compile.ts';
export type { CompiledPreview, CompileInput, Compiler, CompilerOptions } from './compile/compiler.ts';
export type { Cost } from './compile/cost.ts';
export type { Times } from './compile/lifetime.ts';
export { Preview, type PreviewProps, type PreviewPullRequest } from './compile/preview.ts';
export { AppProject } from './constructs/app-project/app-project.ts';
export { ApplicationSet } from './constructs/application-set/application-set.ts';
export { PreviewApplicationSets } from './constructs/application-set/preview-application-sets.ts';
export { Bootstrap, type BootstrapProps } from './constructs/bootstrap/bootstrap.ts';
export { Cleaner, type CleanerProps } from './constructs/bootstrap/cleaner.ts';
export { KyvernoExpiry, type KyvernoExpiryProps } from './constructs/bootstrap/expiry.ts';
export type { PreviewContext, PreviewExtension, PreviewScope } from './constructs/extension.ts';
export { Kustomization } from './constructs/flux/kustomization.ts';
export { PreviewKustomizations } from './constructs/flux/preview-kustomizations.ts';
export { CoreObject, type SpecOf } from './constructs/kube-object.ts';
export { type AddedContainer, PreviewApp } from './constructs/preview-app/preview-app.ts';
export type {
  PreviewAppProps,
  Resources,
  RouteProps,
  SecretKey,
  SecretStoreProps,
  SpotProps,
} from './constructs/preview-app/props.ts';
export type { OperatedService } from './constructs/preview-namespace/operated.ts';
export { PreviewNamespace } from './constructs/preview-namespace/preview-namespace.ts';
export type {
  EgressRule,
  LimitRangeProps,
  PreviewNamespaceProps,
  ReconcilerProps,
  ResourceList,
} from './constructs/preview-namespace/props.ts';
export { PreviewPolicies, type PreviewPoliciesProps } from './constructs/preview-policies/preview-policies.ts';
export {
  type ManifestRepository,
  PullRequestPreviews,
  type PullRequestPreviewsProps,
} from './constructs/pull-request-previews/pull-request-previews.ts';
export {
  type ErrorCode,
  EXIT_CODES,
  formatProblem,
  GreenroomError,
  type Position,
  type Problem,
} from './core/errors.ts';
export type { FileSet } from './core/fileset.ts';
export { type Finding, type Fix, isDenial, type ObjectRef, type Severity } from './core/finding.ts';
export { emitYaml } from './core/yaml.ts';
export { loadPreview } from './model/files.ts';
export { type Identity, type PreviewName, previewHost, previewName } from './model/identity.ts';
export type { Container, EnvVar, Kinds, Mutable, Plain, PodSpec, Probe, Volume } from './model/kube.ts';
export type { KubeObject, ResourceKind } from './model/kube-object.ts';
export type { FieldPath, Positions } from './model/load/positions.ts';
export type { Loaded } from './model/load.ts';
export type { Platform as PlatformFile, PlatformSpec } from './model/platform.ts';
export type { Preview as PreviewFile, PreviewSpec, PreviewSpecInput } from './model/preview.ts';
export type { TemplateName } from './model/templates/index.ts';
export { type CelCompiler, createCelCompiler } from './policies/cel.ts';
export { type CheckedText, type CheckTextOptions, checkText } from './policies/check-text.ts';
export { type CheckContext, type Checker, type CheckerOptions, createChecker } from './policies/checker.ts';
export { applyEdits, type Edit } from './policies/edit.ts';
export type { Violation } from './policies/evaluate.ts';
export { type RuleParams, ruleParams } from './policies/params.ts';
export { loadPlatform } from './policies/platform.ts';
export { PODS } from './policies/resources.ts';
export {
  CONTAINERS,
  type Condition,
  defineRule,
  type ItemList,
  inside,
  listAt,
  METADATA,
  OWN_CONTAINERS,
  type Rule,
  type RuleSpec,
  ruleMessage,
  VOLUMES,
} from './policies/rule.ts';
export type { RuleChoice, Severities } from './policies/rule-set.ts';
export { RULES } from './policies/rules/index.ts';
export type { AppProjectProps, GroupKind, ProjectDestination } from './reconcilers/argocd/app-project.ts';
export type {
  ApplicationDestination,
  ApplicationMetadata,
  ApplicationSource,
} from './reconcilers/argocd/application.ts';
export type { ApplicationSetProps, ApplicationTemplate } from './reconcilers/argocd/application-set.ts';
export type {
  ApplicationSetGenerator,
  GitFilesGenerator,
  GitHubCredential,
  PullRequestGenerator,
} from './reconcilers/argocd/generators.ts';
export type { PreviewApplicationSetsProps } from './reconcilers/argocd/preview-application-sets.ts';
export type { KustomizationProps } from './reconcilers/flux/kustomization.ts';
export type { PreviewKustomizationsProps } from './reconcilers/flux/preview-kustomizations.ts';
