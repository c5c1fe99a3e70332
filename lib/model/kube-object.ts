export type StringMap = Readonly<Record<string, string>>;

/** A Kubernetes object as plain data. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** A kind of object as in rules, roles and admission engines. It includes every served version. */
export interface ResourceKind {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly kind: string;
  /** Plural resource name, as in admission rules. */
  readonly resource: string;
  /** Subresources whose requests contain a whole object of this kind. @default none */
  readonly subresources?: readonly string[];
}
