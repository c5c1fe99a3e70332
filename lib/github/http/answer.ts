/** What came back: an answer of any status is an answer, status 0 stands for none. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly data: unknown;
}

/** Makes an answer out of what Octokit throws. */
export function answerOf(error: unknown): RawAnswer {
  const response = (error as { response?: RawAnswer }).response;
  if (response !== undefined) return response;
  return { status: 0, headers: {}, data: error instanceof Error ? error.message : String(error) };
}

/** What is wrong with an answer; null for a usable one. */
export function failureOf({ status, data }: RawAnswer): string | null {
  if (status === 0) return `no answer (${String(data)})`;
  if (status >= 500) return `status ${status}`;
  if (status === 204 || status === 304) return null;
  const isJson = typeof data === 'object' && data !== null && !(data instanceof ArrayBuffer);
  return isJson ? null : `the answer (status ${status}) is not JSON`;
}

/** A part of a GraphQL answer that could not be given. */
export interface GraphQLError {
  readonly type?: string;
  readonly message: string;
  /** Of the field. */
  readonly path?: readonly (string | number)[];
}

export interface GraphQLAnswer<T> {
  readonly data: T | null;
  readonly errors: readonly GraphQLError[];
}

/** The parts of a GraphQL answer; of what is out of shape, what can be used. An error stays one, whatever it looks like. */
export function graphQLOf<T>(body: unknown): GraphQLAnswer<T> {
  const { data, errors } = (body ?? {}) as { readonly data?: unknown; readonly errors?: unknown };
  return {
    data: typeof data === 'object' && data !== null ? (data as T) : null,
    errors: Array.isArray(errors) ? errors.map(errorOf) : [],
  };
}

function errorOf(found: unknown): GraphQLError {
  const { type, message, path } = (found ?? {}) as Record<string, unknown>;
  return {
    message: typeof message === 'string' ? message : 'no reason given',
    ...(typeof type === 'string' && { type }),
    ...(Array.isArray(path) && { path: path as (string | number)[] }),
  };
}

/** GitHub's own words for why it refused. */
export function wordsOf({ status, data }: RawAnswer): string {
  const message = (data as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : `status ${status}`;
}
