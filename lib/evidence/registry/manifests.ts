import * as z from 'zod';
import { parseBoundedJson } from '../../core/bounded-json.ts';

const INDEXES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
] as const;

const MANIFESTS = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

/** Manifests and indexes of both families: a registry converts what a client does not name, and the digest with it. */
export const ACCEPT = [...INDEXES, ...MANIFESTS].join(', ');

/** What registries have to take at least. Source: OCI distribution specification 1.1, "Pushing Manifests". */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

export const DIGEST = /^sha256:[0-9a-f]{64}$/;

const descriptor = z.object({
  mediaType: z.string().max(255),
  digest: z.string().regex(DIGEST),
  size: z.int().nonnegative(),
  annotations: z.record(z.string(), z.string()).nullish(),
});

/** One thing in a registry. Its `artifactType` is not read: registries and the tag schema fill it in differently. */
export type Descriptor = z.output<typeof descriptor>;

const manifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.enum(MANIFESTS).optional(),
  layers: z.array(descriptor).max(1000),
});

const index = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.enum(INDEXES).optional(),
  manifests: z.array(descriptor).max(10_000),
});

/**
 * A manifest's layers; null for bytes that are no manifest.
 *
 * Source: OCI image specification 1.1, manifest.md.
 */
export function layersOf(bytes: Uint8Array): readonly Descriptor[] | null {
  return manifest.safeParse(json(bytes)).data?.layers ?? null;
}

/**
 * What an index lists; null for bytes that are no index.
 *
 * Source: OCI image specification 1.1, image-index.md.
 */
export function manifestsOf(bytes: Uint8Array): readonly Descriptor[] | null {
  return index.safeParse(json(bytes)).data?.manifests ?? null;
}

/** Whether bytes look like something that a node can pull: a manifest or an index of the second schema. */
export function isImage(bytes: Uint8Array): boolean {
  const data = json(bytes);
  return manifest.safeParse(data).success || index.safeParse(data).success;
}

/** Ten thousand descriptors with their members. */
const MAX_PARTS = 200_000;

function json(bytes: Uint8Array): unknown {
  return parseBoundedJson(bytes, MAX_PARTS);
}

/**
 * The tag under which others list what refers to an image, where a registry has no API for it.
 *
 * Source: OCI distribution specification 1.1, "Referrers Tag Schema".
 */
export function referrersTag(digest: string): string {
  return digest.replace(':', '-');
}

export function isIndexType(contentType: string | null): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === INDEXES[0];
}

/**
 * The address of the next page, undefined on the last.
 *
 * Source: RFC 8288; OCI distribution specification 1.1, "Listing Referrers".
 */
export function nextPage(link: string | null): string | undefined {
  return /^\s*<([^>]{1,2048})>[^,]*;\s*rel="?next"?/i.exec(link ?? '')?.[1];
}
