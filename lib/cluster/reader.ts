/** What a cluster answered to one question. */
export type Answer =
  | { readonly kind: 'found'; readonly value: unknown }
  | { readonly kind: 'missing' }
  /** The API server did not let us look; the reason in its own words. */
  | { readonly kind: 'refused'; readonly reason: string };

/** What an account would do, in the terms of a SubjectAccessReview. */
export interface Deed {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** @default - the cluster as a whole */
  readonly namespace?: string;
  /** @default - any */
  readonly name?: string;
}

/** Looks into a cluster and changes nothing there. */
export interface ClusterReader {
  /**
   * What the API server gives for a path such as `/version`.
   *
   * @throws GreenroomError `unreachable` when nothing answers
   */
  get(path: string): Promise<Answer>;
  /** Whether a user may do something: `found` holds true or false. */
  may(user: string, deed: Deed): Promise<Answer>;
  /** IPv4 addresses at which the API server is reached from here; none where its name is not resolved. @default - not known */
  addresses?(): Promise<readonly string[]>;
}

/** The value at a path of keys; undefined where there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Record<string | number, unknown>)[key];
  }
  return here;
}

/** The text at a path; empty where there is none. */
export function text(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** The list at a path; empty where there is none. */
export function list(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}
