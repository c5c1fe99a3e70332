import * as z from 'zod';
import { sha256 } from '../core/digest.ts';
import { compareStrings, type FileSet } from '../core/fileset.ts';
import type { PullRequestRef } from '../core/repository.ts';
import { notedEvidence } from './evidence.ts';
import { RECORD_FILE } from './layout.ts';
import { dnsLabel } from './scalars.ts';

/**
 * `preview.json` in a preview's folder: what the apps repo stores about it. ApplicationSets read it as parameters, so
 * one invalid file would stop all of them. It must only be written by {@link formatRecord}.
 */
export const recordSchema = z.object({
  /** Name of the folder, namespace, Application and host label. */
  name: dnsLabel,
  identity: z.object({
    repositoryId: z.int().positive(),
    /** Path of the repository (`owner/name`) when the preview was last written. */
    repository: z.string().max(200),
    number: z.int().positive(),
  }),
  author: z.string().max(100),
  headSha: z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/),
  /** As deployed, with tag or digest. */
  image: z.string().max(600),
  /** Null if the image has a tag and no evidence is required. */
  imageDigest: z.string().max(80).nullable(),
  /** With several apps: digests of the tags of all their images, by image with tag. */
  images: z.record(z.string().max(600), z.string().max(80)).optional(),
  /**
   * Images of its apps, and of own manifests from the same repositories, whose names do not contain the commit; omitted
   * if there are none.
   */
  unversioned: z.array(z.string().max(600)).optional(),
  /**
   * Images of own manifests from other repositories, by tag: a new commit does not restart them; omitted if there are
   * none.
   */
  independent: z.array(z.string().max(600)).optional(),
  /** Verified evidence of each image, by digest; omitted if the platform requires only digests. */
  evidence: z.record(z.string().regex(/^sha256:[0-9a-f]{64}$/), notedEvidence).optional(),
  /** Set if its images no longer have the required evidence, so that it ends early. */
  evidenceLost: z
    .object({
      /** Unix seconds of the first time that this was seen. */
      since: z.int().nonnegative(),
      /** Unix seconds of its regular end. */
      expires: z.int().nonnegative(),
    })
    .optional(),
  /** Null if no app has a route. */
  url: z.string().max(500).nullable(),
  cluster: dnsLabel,
  /** Unix seconds of the time when the pull request was opened. */
  created: z.int().nonnegative(),
  /** Unix seconds. */
  expires: z.int().nonnegative(),
  cost: z.object({ currency: z.string().max(3), perDay: z.number().nonnegative(), ratesAsOf: z.string().max(10) }),
  /** sha256 of the maker's preview.yaml. */
  specDigest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  /** {@link placementDigest} of the platform when it was written; missing in records of earlier versions. */
  placement: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .optional(),
  /** sha256 of all other files of the folder, see {@link contentsDigest}; missing in records of earlier versions. */
  contents: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .optional(),
});

/** Value of {@link PreviewRecord.contents}, to detect files that somebody edited, added or removed in the folder. */
export function contentsDigest(folder: string, files: FileSet): string {
  const own = [...files].filter(([path]) => path.startsWith(`${folder}/`) && path !== `${folder}/${RECORD_FILE}`);
  const list = own.map(([path, text]) => [path.slice(folder.length + 1), sha256(text)]);
  return `sha256:${sha256(JSON.stringify(list.sort(([a], [b]) => compareStrings(a!, b!))))}`;
}

export type PreviewRecord = z.output<typeof recordSchema>;

/** Pretty-printed in the order of the schema, so that a diff shows only the lines that changed. */
export function formatRecord(record: PreviewRecord): string {
  return `${JSON.stringify(recordSchema.parse(record), null, 2)}\n`;
}

/** Parses a record; null if the text is not a record. */
export function parseRecord(text: string): PreviewRecord | null {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return null;
  }
  return recordSchema.safeParse(data).data ?? null;
}

/** The pull request, by its repository's path when the record was written. The path may have changed since. */
export function recordedPullRequest({ identity }: Pick<PreviewRecord, 'identity'>): PullRequestRef {
  return { path: identity.repository, number: identity.number };
}
