import { createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { denialOfMakers } from './denial.ts';
import { CONDITIONS, cleanFacts, cleanLines, cleanWords, type Observation, SOURCES } from './observation.ts';

/** Header of a call: `sha256=` and the HMAC of the raw body, in hexadecimal. */
export const SIGNATURE_HEADER = 'x-greenroom-signature-256';
/** Headers with the same content in calls of other senders: Flux's notification-controller. */
export const SIGNATURE_HEADERS = [SIGNATURE_HEADER, 'x-signature'] as const;

/** Larger calls are refused. */
export const MAX_CALL_BYTES = 64 * 1024;
/** In seconds. A call that is older than this is refused. */
export const CALL_SECONDS = 15 * 60;

/** An observation from a cluster, and the preview that it is about. */
export interface Reported {
  readonly cluster: string;
  /** Name of the preview and of its namespace. */
  readonly preview: string;
  readonly repositoryId: number;
  readonly observation: Observation;
}

/** A call to `/status` from a sender that knows the pull request. */
export interface StatusCall extends Reported {
  /** `owner/name`, from the namespace. */
  readonly repository: string;
  readonly number: number;
  /** Unix seconds. */
  readonly sentAt: number;
}

/** A call from a sender that knows only the applied commit. The record in the apps repo names pull request and head. */
export interface RecordedCall extends Pick<StatusCall, 'cluster' | 'preview' | 'sentAt'> {
  /** Commit of the apps repo. */
  readonly revision: string;
  readonly observation: Omit<Observation, 'headSha'>;
}

const sha = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/);
const observation = z.object({
  source: z.enum(SOURCES).exclude(['probe']),
  at: z.int().nonnegative(),
  condition: z.enum(CONDITIONS),
  reason: z
    .string()
    .regex(/^[a-z-]{1,40}$/)
    .optional(),
  facts: z.record(z.string(), z.unknown()).optional(),
  words: z.string().optional(),
  lines: z.array(z.string()).optional(),
  shows: z
    .string()
    .regex(/^[0-9a-f]{12,64}$/)
    .optional(),
});
const about = {
  cluster: z.string().min(1).max(63),
  preview: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
  sentAt: z.int().nonnegative(),
};
const callSchema = z.object({
  ...about,
  repositoryId: z.int().positive(),
  repository: z.string().regex(/^(?!.*(^|\/)\.{1,2}(\/|$))[A-Za-z0-9._-]{1,100}(\/[A-Za-z0-9._-]{1,100}){1,9}$/),
  number: z.int().positive(),
  observation: observation.extend({ headSha: sha }),
});
const recordedSchema = z.object({ ...about, revision: sha, observation });

/** Parses the body of a call; null if it is malformed. Untrusted text is shortened. */
export function parseCall(data: unknown): StatusCall | RecordedCall | null {
  const whole = callSchema.safeParse(data).data;
  if (whole !== undefined) {
    const { headSha } = whole.observation;
    return { ...whole, observation: { headSha, ...cleaned(whole.observation) } };
  }
  const recorded = recordedSchema.safeParse(data).data;
  return recorded === undefined ? null : { ...recorded, observation: cleaned(recorded.observation) };
}

function cleaned({
  source,
  at,
  condition,
  reason,
  shows,
  ...foreign
}: z.output<typeof observation>): Omit<Observation, 'headSha'> {
  // A reconciler only knows that it could not apply something. If a rule refused it, the maker reads its sentence.
  const denial =
    source === 'reconciler' && reason === 'not-applied' ? denialOfMakers(foreign.words?.slice(0, 20_000) ?? '') : null;
  const [facts, words, lines] = [
    cleanFacts(foreign.facts ?? {}),
    cleanWords(denial ?? foreign.words),
    cleanLines(foreign.lines ?? []),
  ];
  const why = denial === null ? reason : 'refused';
  return {
    ...{ source, at, condition },
    ...(why === undefined ? {} : { reason: why }),
    ...(Object.keys(facts).length === 0 ? {} : { facts }),
    ...(words === undefined ? {} : { words }),
    ...(lines.length === 0 ? {} : { lines }),
    ...(shows === undefined ? {} : { shows }),
  };
}

export function signatureOf(body: Uint8Array | string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

export function isSignedBy(body: Uint8Array, signature: string | undefined, secret: string): boolean {
  return isSame(signature ?? '', signatureOf(body, secret));
}

/** Whether an `Authorization` header has the secret, for senders that cannot sign. */
export function isBearer(authorization: string | undefined, secret: string): boolean {
  return isSame(authorization ?? '', `Bearer ${secret}`);
}

/** Compares in constant time. */
function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
