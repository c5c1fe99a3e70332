import { createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { CONDITIONS, cleanFacts, cleanLines, cleanWords, type Observation, SOURCES } from './observation.ts';

/** Header of a call: `sha256=` and the HMAC of the raw body, in hexadecimal. */
export const SIGNATURE_HEADER = 'x-greenroom-signature-256';

/** A call of more bytes is refused. */
export const MAX_CALL_BYTES = 64 * 1024;
/** A call that was sent longer ago, or is that far ahead of our clock, is refused, in seconds. */
export const CALL_SECONDS = 15 * 60;

/** What somebody in a cluster saw of a preview, and which preview it was. */
export interface Reported {
  readonly cluster: string;
  /** Its name, which is its namespace. */
  readonly preview: string;
  readonly repositoryId: number;
  readonly observation: Observation;
}

/** A call to `/status`. */
export interface StatusCall extends Reported {
  /** `owner/name`, as the namespace says. */
  readonly repository: string;
  readonly number: number;
  /** Unix seconds. */
  readonly sentAt: number;
}

const sha = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/);
const callSchema = z.object({
  cluster: z.string().min(1).max(63),
  preview: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
  repositoryId: z.int().positive(),
  repository: z.string().regex(/^(?!.*(^|\/)\.{1,2}(\/|$))[A-Za-z0-9._-]{1,100}(\/[A-Za-z0-9._-]{1,100}){1,9}$/),
  number: z.int().positive(),
  sentAt: z.int().nonnegative(),
  observation: z.object({
    source: z.enum(SOURCES).exclude(['probe']),
    headSha: sha,
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
  }),
});

/** A call from its text; null for one out of shape. What it quotes is cut to what is kept of it. */
export function parseCall(text: string): StatusCall | null {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return null;
  }
  const call = callSchema.safeParse(data).data;
  if (call === undefined) return null;
  const { facts, words, lines, reason, shows, ...seen } = call.observation;
  const [cleanedFacts, cleanedWords, cleanedLines] = [
    cleanFacts(facts ?? {}),
    cleanWords(words),
    cleanLines(lines ?? []),
  ];
  return {
    ...call,
    observation: {
      ...seen,
      ...(reason === undefined ? {} : { reason }),
      ...(Object.keys(cleanedFacts).length === 0 ? {} : { facts: cleanedFacts }),
      ...(cleanedWords === undefined ? {} : { words: cleanedWords }),
      ...(cleanedLines.length === 0 ? {} : { lines: cleanedLines }),
      ...(shows === undefined ? {} : { shows }),
    },
  };
}

export function signatureOf(body: Uint8Array | string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Compared in constant time. */
export function isSignedBy(body: Uint8Array, signature: string | undefined, secret: string): boolean {
  const [given, wanted] = [Buffer.from(signature ?? ''), Buffer.from(signatureOf(body, secret))];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
