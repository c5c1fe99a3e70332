import type { Severity } from '../../core/finding.ts';

/** A Kubernetes object as plain data. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE';

/** Kinds of one API group, in each of the names that engines know them by. */
export interface Target {
  /** `''` for the core group, `*` for all. */
  readonly group: string;
  /** `Pod`; `*` for all. */
  readonly kind: string;
  /** `pods`; `*` for all. */
  readonly resource: string;
  /** `ephemeralcontainers`; `*` for all. */
  readonly subresources?: readonly string[];
}

export interface NamedExpression {
  readonly name: string;
  readonly expression: string;
}

/** One thing to hold requests to, before it is written down for an engine. Expressions are CEL. */
export interface AdmissionPolicy {
  /** Name of the objects: a DNS label. */
  readonly name: string;
  readonly title: string;
  /** What every refusal says. */
  readonly message: string;
  readonly severity: Severity;
  readonly operations: readonly Operation[];
  readonly targets: readonly Target[];
  /** `previews`: objects in namespaces of previews. `everywhere`: all objects, those without a namespace too. */
  readonly scope: 'previews' | 'everywhere';
  /** The policy judges a request when all of them are true. */
  readonly conditions: readonly NamedExpression[];
  /** Available to the expression and to later variables as `variables.<name>`. */
  readonly variables: readonly NamedExpression[];
  /** True lets the request pass. False, an error or another type refuses it. */
  readonly expression: string;
}

/** Writes a policy down for one engine. */
export type EngineCompiler = (policy: AdmissionPolicy, options: { readonly previewLabel: string }) => KubeObject[];
