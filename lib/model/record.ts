import * as z from 'zod';
import { sha256 } from '../core/digest.ts';
import { compareStrings, type FileSet } from '../core/fileset.ts';
import type { PullRequestRef } from '../core/repository.ts';
import { notedEvidence } from './evidence.ts';
import { RECORD_FILE } from './layout.ts';
import { dnsLabel } from './scalars.ts';

/**
 * `preview.json` of a preview's folder: what the apps repo remembers of it. ApplicationSets read it as parameters,
 * so that one file out of shape stops all of them: it is only ever written by {@link formatRecord}.
 */
export const recordSchema = z.object({
  /** Folder, namespace, Application and host label. */
  name: dnsLabel,
  identity: z.object({
    repositoryId: z.int().positive(),
    /** Its path (`owner/name`) when the preview was last written. */
    repository: z.string().max(200),
    number: z.int().positive(),
  }),
  author: z.string().max(100),
  headSha: z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/),
  /** As deployed: with the tag or digest. */
  image: z.string().max(600),
  /** Null where the image is named by a tag and no evidence is asked. */
  imageDigest: z.string().max(80).nullable(),
  /** With several apps: what the tags of all their images stand for, by the image with its tag. */
  images: z.record(z.string().max(600), z.string().max(80)).optional(),
  /** Images of its apps, and of own manifests from the same repositories, whose names do not say which commit they hold; left out for none. */
  unversioned: z.array(z.string().max(600)).optional(),
  /** Images of own manifests from elsewhere, by tag: a new commit alone does not restart them; left out for none. */
  independent: z.array(z.string().max(600)).optional(),
  /** What was shown of each image, by digest; left out where the platform asks for no more than digests. */
  evidence: z.record(z.string().regex(/^sha256:[0-9a-f]{64}$/), notedEvidence).optional(),
  /** Its images no longer show what is required, so that it ends early. */
  evidenceLost: z
    .object({
      /** Unix seconds: when that was first seen. */
      since: z.int().nonnegative(),
      /** Unix seconds: its regular end. */
      expires: z.int().nonnegative(),
    })
    .optional(),
  /** Null where no app has a route. */
  url: z.string().max(500).nullable(),
  cluster: dnsLabel,
  /** Unix seconds: when the pull request was opened. */
  created: z.int().nonnegative(),
  /** Unix seconds. */
  expires: z.int().nonnegative(),
  cost: z.object({ currency: z.string().max(3), perDay: z.number().nonnegative(), ratesAsOf: z.string().max(10) }),
  /** sha256 of the maker's preview.yaml. */
  specDigest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  /** {@link placementDigest} of the platform it was written under; records of earlier versions have none. */
  placement: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .optional(),
  /** sha256 of all other files of the folder, see {@link contentsDigest}; records of earlier versions have none. */
  contents: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .optional(),
});

/** What {@link PreviewRecord.contents} holds: whether somebody edited, added or removed a file beside the record. */
export function contentsDigest(folder: string, files: FileSet): string {
  const own = [...files].filter(([path]) => path.startsWith(`${folder}/`) && path !== `${folder}/${RECORD_FILE}`);
  const list = own.map(([path, text]) => [path.slice(folder.length + 1), sha256(text)]);
  return `sha256:${sha256(JSON.stringify(list.sort(([a], [b]) => compareStrings(a!, b!))))}`;
}

export type PreviewRecord = z.output<typeof recordSchema>;

/** Pretty-printed in the order of the schema, so that a reviewer's diff shows the lines that changed. */
export function formatRecord(record: PreviewRecord): string {
  return `${JSON.stringify(recordSchema.parse(record), null, 2)}\n`;
}

/** The record of a file's text; null for one that is not a record. */
export function parseRecord(text: string): PreviewRecord | null {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return null;
  }
  return recordSchema.safeParse(data).data ?? null;
}

/** The pull request by its repository's path when the record was written; it may have another by now. */
export function recordedPullRequest({ identity }: Pick<PreviewRecord, 'identity'>): PullRequestRef {
  return { path: identity.repository, number: identity.number };
}
