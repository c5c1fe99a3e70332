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

/** GitHub's own words for why it refused. */
export function wordsOf({ status, data }: RawAnswer): string {
  const message = (data as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : `status ${status}`;
}
