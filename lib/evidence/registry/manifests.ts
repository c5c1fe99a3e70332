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

/** All types of manifests and indexes: a registry may convert a type that is not accepted, which changes the digest. */
export const ACCEPT = [...INDEXES, ...MANIFESTS].join(', ');

/** The size that registries must support. Source: OCI distribution specification 1.1, "Pushing Manifests". */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

export const DIGEST = /^sha256:[0-9a-f]{64}$/;

const descriptor = z.object({
  mediaType: z.string().max(255),
  digest: z.string().regex(DIGEST),
  size: z.int().nonnegative(),
  annotations: z.record(z.string(), z.string()).nullish(),
});

/** A descriptor of content in a registry. Its `artifactType` is not read, since registries set it differently. */
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
 * A manifest's layers; null if the bytes are not a manifest.
 *
 * Source: OCI image specification 1.1, manifest.md.
 */
export function layersOf(bytes: Uint8Array): readonly Descriptor[] | null {
  return manifest.safeParse(json(bytes)).data?.layers ?? null;
}

/**
 * The manifests in an index; null if the bytes are not an index.
 *
 * Source: OCI image specification 1.1, image-index.md.
 */
export function manifestsOf(bytes: Uint8Array): readonly Descriptor[] | null {
  return index.safeParse(json(bytes)).data?.manifests ?? null;
}

/** A manifest or an index from a registry. */
export class Manifest {
  readonly bytes: Uint8Array;
  /** Of the bytes. */
  readonly digest: string;
  #layers: { readonly found: readonly Descriptor[] | null } | undefined;

  constructor(bytes: Uint8Array, digest: string) {
    this.bytes = bytes;
    this.digest = digest;
  }

  /** See {@link layersOf}. Parsed once, since a cached manifest is read again in each sweep. */
  get layers(): readonly Descriptor[] | null {
    this.#layers ??= { found: layersOf(this.bytes) };
    return this.#layers.found;
  }
}

/** Whether the bytes are something that a node can pull: a manifest or an index of schema version 2. */
export function isImage(bytes: Uint8Array): boolean {
  const data = json(bytes);
  return manifest.safeParse(data).success || index.safeParse(data).success;
}

/** Enough for ten thousand descriptors. */
const MAX_PARTS = 200_000;

function json(bytes: Uint8Array): unknown {
  return parseBoundedJson(bytes, MAX_PARTS);
}

/**
 * The tag with the list of referrers of an image, for registries without the API.
 *
 * Source: OCI distribution specification 1.1, "Referrers Tag Schema".
 */
export function referrersTag(digest: string): string {
  return digest.replace(':', '-');
}

export function isIndexType(contentType: string | undefined): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === INDEXES[0];
}

const LINK = /<([^>]{1,2048})>((?:\s*;\s*[\w*-]+\s*=\s*(?:"[^"]*"|[^\s;,"]*))*)/g;
const IS_NEXT = /;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next(?=[\s;]|$))/i;

/**
 * The address of the next page, wherever it is in the header; undefined on the last page.
 *
 * Source: RFC 8288; OCI distribution specification 1.1, "Listing Referrers".
 */
export function nextPage(link: string | undefined): string | undefined {
  return [...(link ?? '').matchAll(LINK)].find(([, , parameters = '']) => IS_NEXT.test(parameters))?.[1];
}
