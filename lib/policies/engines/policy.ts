import type { Severity } from '../../core/finding.ts';
import type { KubeObject } from '../../model/kube-object.ts';
import type { ResourceKind } from '../resources.ts';
import type { Variable } from '../variables.ts';

export type { KubeObject };

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE';

/** Every kind of every group, as admission engines write it. */
export const ANY_KIND: ResourceKind = { group: '*', kind: '*', resource: '*' };

/** One thing to hold requests to, before it is written down for an engine. Expressions are CEL. */
export interface AdmissionPolicy {
  /** Name of the objects: a DNS label. */
  readonly name: string;
  readonly title: string;
  /** What every refusal says. */
  readonly message: string;
  readonly severity: Severity;
  readonly operations: readonly Operation[];
  /** What it checks; {@link ANY_KIND} stands for all. */
  readonly targets: readonly ResourceKind[];
  /** `previews`: objects in namespaces of previews. `everywhere`: all objects, those without a namespace too. */
  readonly scope: 'previews' | 'everywhere';
  /** The policy checks a request when all of them are true. */
  readonly conditions: readonly Variable[];
  /** Available to the expression and to later variables as `variables.<name>`. */
  readonly variables: readonly Variable[];
  /** Whom exceptions leave alone, as the expression says it: names of previews, and repositories in lower case. @default - nobody */
  readonly excepted?: { readonly previews: readonly string[]; readonly repositories: readonly string[] };
  /** True lets the request pass. False, an error or another type refuses it. */
  readonly expression: string;
}

/** Writes a policy down for one engine. */
export type EngineCompiler = (policy: AdmissionPolicy, options: { readonly previewLabel: string }) => KubeObject[];
