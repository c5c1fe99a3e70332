import { at } from '../core/json.ts';
/** The answer of a cluster to one request. */
export type ClusterAnswer =
  | { readonly kind: 'found'; readonly value: unknown }
  | { readonly kind: 'missing' }
  /** The API server refused the request, for this reason. */
  | { readonly kind: 'refused'; readonly reason: string };

/** A request that an account might make, as in a SubjectAccessReview. */
export interface AccessRequest {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** @default - the whole cluster */
  readonly namespace?: string;
  /** @default - any */
  readonly name?: string;
}

/** Reads a cluster and changes nothing. */
export interface ClusterReader {
  /**
   * The API server's answer for a path such as `/version`.
   *
   * @throws GreenroomError `unreachable` if the server does not answer
   */
  get(path: string): Promise<ClusterAnswer>;
  /** Whether a user is allowed to do something: the value is true or false. */
  may(user: string, access: AccessRequest): Promise<ClusterAnswer>;
  /** IPv4 addresses of the API server as seen from here; empty if its name cannot be resolved. @default - unknown */
  addresses?(): Promise<readonly string[]>;
}

/** The text at a path; empty if there is none. */
export function text(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** The list at a path; empty if there is none. */
export function list(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}
