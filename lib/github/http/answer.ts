/** An HTTP answer of any status; status 0 means that no answer came. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly data: unknown;
}

/** Turns an error of Octokit into an answer. */
export function answerOfError(error: unknown): RawAnswer {
  const response = (error as { response?: RawAnswer }).response;
  if (response !== undefined) return response;
  return { status: 0, headers: {}, data: error instanceof Error ? error.message : String(error) };
}

/** Why an answer cannot be used; null if it can. */
export function failureOf({ status, data }: RawAnswer): string | null {
  if (status === 0) return `no answer (${String(data)})`;
  if (status >= 500) return `status ${status}`;
  if (status === 204 || status === 304) return null;
  const isJson = typeof data === 'object' && data !== null && !(data instanceof ArrayBuffer);
  return isJson ? null : `the answer (status ${status}) is not JSON`;
}

/** An error in a GraphQL answer. */
export interface GraphQLError {
  readonly type?: string;
  readonly message: string;
  /** Path of the field. */
  readonly path?: readonly (string | number)[];
}

export interface GraphQLAnswer<T> {
  readonly data: T | null;
  readonly errors: readonly GraphQLError[];
}

/** Parses a GraphQL answer. Malformed parts are skipped, except errors: each of them still counts as an error. */
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

/** Whether GitHub failed on its side, so that the same request may succeed a moment later. */
export function isPassingError({ type, message }: GraphQLError): boolean {
  return type === undefined && /^Something went wrong|^Timeout|respond to your request in time/i.test(message);
}

/** Longest list of details in a message, in characters. */
const MAX_DETAILS = 300;

/** GitHub's error message, with the fields that it names: "Validation Failed" alone helps nobody. */
export function messageOf({ status, data }: RawAnswer): string {
  const { message, errors } = (typeof data === 'object' && data !== null ? data : {}) as Record<string, unknown>;
  if (typeof message !== 'string') return `status ${status}`;
  const details = (Array.isArray(errors) ? errors : []).map(detailOf).filter((detail) => detail !== '');
  return details.length === 0 ? message : `${message} (${details.join('; ').slice(0, MAX_DETAILS)})`;
}

/** @see https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed */
function detailOf(error: unknown): string {
  if (typeof error === 'string') return error;
  const { message, field, code } = (error ?? {}) as Record<string, unknown>;
  if (typeof message === 'string') return message;
  return [field, code].filter((part) => typeof part === 'string').join(' ');
}
