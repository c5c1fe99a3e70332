/**
 * Why a registry returned nothing.
 *
 * | status | meaning |
 * |---|---|
 * | `missing` | the repository exists, and the registry says that this is not in it |
 * | `refused` | there is no such repository, or it is not visible: most registries do not tell the two apart |
 * | `unknown` | no answer, or one that makes no sense: it proves nothing |
 */
type FailureStatus = 'missing' | 'refused' | 'unknown';

/** Only thrown inside this folder; callers get data. The message begins with the registry's name and has no secrets. */
export class RegistryFailure extends Error {
  readonly status: FailureStatus;
  /** Whether the registry said "not found" without a standard error code. */
  readonly isVague: boolean;

  constructor(status: FailureStatus, message: string, isVague = false) {
    super(message);
    this.name = 'RegistryFailure';
    this.status = status;
    this.isVague = isVague;
  }
}

/** A registry's answer about something that may be missing. */
export type RegistryAnswer<T> =
  | { readonly status: 'found'; readonly value: T }
  | {
      readonly status: FailureStatus;
      readonly reason: string;
      /** With `refused`: the registry says "not found" without saying what. If the repository is visible, this is missing. */
      readonly isVague?: true;
    };

/** Turns registry failures into data; other errors are thrown. */
export async function answerFrom<T>(work: () => Promise<T>): Promise<RegistryAnswer<T>> {
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
