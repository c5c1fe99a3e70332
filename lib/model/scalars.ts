import * as z from 'zod';
import { isCanonical } from './ipv4.ts';
import { PREVIEW_PREFIX } from './labels.ts';

/** The version of all file formats. */
export const API_VERSION = 'greenroom.dev/v1alpha1';

/** Maximum length of a DNS-1123 label: namespace and label names, one part of a host. */
export const MAX_LABEL = 63;

/**
 * Text that matches a pattern. The length is checked first and stops the check, so that no pattern runs on a long
 * string.
 */
export const bounded = (max: number, pattern: RegExp, message: string) =>
  z.string().check(z.maxLength(max, { abort: true }), z.regex(pattern, message));

export const dnsLabel = bounded(
  MAX_LABEL,
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  'must be lower-case letters, digits and dashes',
);

/** A namespace of the platform, which must not look like a preview's. */
export const platformNamespace = dnsLabel.refine(
  (name) => !name.startsWith(PREVIEW_PREFIX),
  `must not start with ${PREVIEW_PREFIX}, as the namespaces of previews do`,
);

/** A domain with room for one more label: a host has at most 253 characters. */
export const dnsName = bounded(
  253 - MAX_LABEL - 1,
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/,
  'must be a lower-case domain name, e.g. apps.example.com',
);

/** Login of a user or organization on a forge. */
export const ownerName = bounded(39, /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/, 'must be an owner name such as acme');

/** The part of a repository's path after the owner: a name, or groups and a name. */
export const repositoryBelowOwner = bounded(
  255,
  /^(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]{1,100}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]{1,100})*$/,
  'must be a repository name such as shop',
);

export const repositoryName = bounded(100, /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/, 'must be a repository name such as shop');

/**
 * A Kubernetes quantity without a sign: `250m`, `0.5`, `128Mi`, `1Gi`, or a plain number (`cpu: 4`) as in Kubernetes.
 */
export const quantity = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  bounded(20, /^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/, 'must be a Kubernetes quantity, e.g. 250m or 128Mi'),
);

/** An IPv4 network in CIDR notation. */
export const cidr = bounded(
  18,
  /^((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)\/(3[0-2]|[12]?\d)$/,
  'must be an IPv4 network such as 203.0.113.0/24',
).refine(isCanonical, 'must not have bits set beyond its prefix');

export const httpUrl = bounded(500, /^https?:\/\/[^\s@]+$/, 'must be an http(s) address without credentials');

/** A whole number of minutes, hours or days, or a combination: `90m`, `8h`, `3d`, `1d12h`. */
export const duration = z
  .preprocess(
    (value) => (typeof value === 'number' ? String(value) : value),
    bounded(12, /^(?=\d)(\d{1,3}d)?(\d{1,4}h)?(\d{1,5}m)?$/, 'must be a time such as 90m, 8h or 3d'),
  )
  .refine((text) => durationSeconds(text) > 0, 'must be at least a minute, e.g. 90m, 8h or 3d');

const UNIT_SECONDS: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60 };

/** Seconds of a {@link duration} text. */
export function durationSeconds(text: string): number {
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([dhm])/g)) total += Number(count) * (UNIT_SECONDS[unit!] ?? 0);
  return total;
}

/** `36h` for 129600: whole days from two on, else whole hours if possible, else minutes. */
export function formatDuration(seconds: number): string {
  if (seconds >= 2 * 86_400 && seconds % 86_400 === 0) return `${seconds / 86_400}d`;
  return seconds % 3600 === 0 ? `${seconds / 3600}h` : `${Math.round(seconds / 60)}m`;
}

const DECIMAL_SUFFIX: Readonly<Record<string, number>> = { m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const BINARY_SUFFIX: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

/** The numeric value of a {@link quantity}: cores for cpu, bytes for memory. */
export function quantityValue(text: string): number {
  const match = /^([0-9.]+)([A-Za-z]*)$/.exec(text);
  if (!match) return Number.NaN;
  const [, digits, suffix] = match;
  return Number(digits) * (suffix === '' ? 1 : (DECIMAL_SUFFIX[suffix!] ?? BINARY_SUFFIX[suffix!] ?? Number.NaN));
}
