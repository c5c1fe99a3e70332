import type { Severity } from '../../core/finding.ts';
import type { KubeObject } from '../../model/kube-object.ts';
import type { ResourceKind } from '../resources.ts';
import type { Variable } from '../variable.ts';

export type { KubeObject };

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE';

/** Every kind of every group, in the notation of admission engines. */
export const ANY_KIND: ResourceKind = { group: '*', kind: '*', resource: '*' };

/** One admission check, independent of the engine. Expressions are CEL. */
export interface AdmissionPolicy {
  /** Name of the objects: a DNS label. */
  readonly name: string;
  readonly title: string;
  /** The message of every refusal. */
  readonly message: string;
  readonly severity: Severity;
  readonly operations: readonly Operation[];
  /** What it checks; {@link ANY_KIND} means all kinds. */
  readonly targets: readonly ResourceKind[];
  /** `previews`: objects in preview namespaces. `everywhere`: all objects, including those without a namespace. */
  readonly scope: 'previews' | 'everywhere';
  /** The policy checks a request only if all of these are true. */
  readonly conditions: readonly Variable[];
  /** Available to the expression and to later variables as `variables.<name>`. */
  readonly variables: readonly Variable[];
  /** Previews by name, and repositories in lower case, that exceptions exempt, as in the expression. @default - none */
  readonly excepted?: { readonly previews: readonly string[]; readonly repositories: readonly string[] };
  /** True allows the request. False, an error or another type refuses it. */
  readonly expression: string;
}

/** Compiles a policy for one engine. */
export type EngineCompiler = (policy: AdmissionPolicy, options: { readonly previewLabel: string }) => KubeObject[];
