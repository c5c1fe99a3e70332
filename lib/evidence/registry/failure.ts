/**
 * Why a registry gave nothing.
 *
 * | status | meaning |
 * |---|---|
 * | `missing` | it knows the repository, and says that this is not in it |
 * | `refused` | there is no such repository, or it is not shown to us: most registries do not tell the two apart |
 * | `unknown` | no answer, or one that makes no sense; nothing follows from it |
 */
type FailureStatus = 'missing' | 'refused' | 'unknown';

/** Inside this folder; its doors answer with data. The message begins with the registry's name and holds no credential. */
export class RegistryFailure extends Error {
  readonly status: FailureStatus;
  /** Whether it is refused only because the registry says "not found" in words of its own. */
  readonly isVague: boolean;

  constructor(status: FailureStatus, message: string, isVague = false) {
    super(message);
    this.name = 'RegistryFailure';
    this.status = status;
    this.isVague = isVague;
  }
}

/** What a registry says of a thing that may not be there. */
export type Answer<T> =
  | { readonly status: 'found'; readonly value: T }
  | {
      readonly status: FailureStatus;
      readonly reason: string;
      /** Of `refused`: the registry says "not found", and not of what: in a repository that is shown, it is of this thing. */
      readonly isVague?: true;
    };

/** Turns the failures of some work into data; other errors are errors of ours. */
export async function answerOf<T>(work: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { status: 'found', value: await work() };
  } catch (error) {
    if (error instanceof RegistryFailure)
      return { status: error.status, reason: error.message, ...(error.isVague && { isVague: true }) };
    throw error;
  }
}

/**
 * The codes of a registry's error body; empty for any other body, such as a proxy's page.
 *
 * Source: OCI distribution specification 1.1, "Error Codes".
 */
export function errorCodes(body: string): string[] {
  let data: unknown;
  try {
    data = JSON.parse(body);
  } catch {
    return [];
  }
  const errors = typeof data === 'object' && data !== null && 'errors' in data ? data.errors : null;
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((error: unknown) => {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
    return typeof code === 'string' ? [code.toUpperCase()] : [];
  });
}
