import * as z from 'zod';
import { sha256Bytes } from '../core/digest.ts';
import { invalidInput } from '../core/errors.ts';
import { fieldName } from './load/field.ts';
import { describeIssues } from './load/sentences.ts';
import { MAX_LABEL, ownerName, repositoryBelowOwner } from './scalars.ts';

/** Which pull request of which repository a preview belongs to. */
export interface Identity {
  /** The number that the forge gave the repository for life. */
  readonly repositoryId: number;
  /** First part of the repository's path. */
  readonly owner: string;
  /** The rest of it: a name, on forges with groups in groups `web/shop`. */
  readonly repository: string;
  /** Number of the pull request. */
  readonly number: number;
}

/** The readable name of a preview, and the part of it that is the repository's. */
export interface PreviewName {
  /** `pr-<repo>-<number>`: folder, namespace, Application, host label and `greenroom.dev/preview` label. */
  readonly name: string;
  /** The repository's part of the name; also the folder that holds all of its previews. */
  readonly repo: string;
}

/** Numbers of pull requests are 32-bit on every forge known. */
const MAX_NUMBER = 2 ** 31;
const MAX_REPO = MAX_LABEL - 'pr-'.length - '-'.length - String(MAX_NUMBER).length;

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const HASH_LETTERS = 10;
/** A digit first, so that a repository named after an ordinary word (`design-components`) does not look hashed. */
const HASHED = /-[2-7][a-z2-7]{10}$/;

const identitySchema = z.object({
  repositoryId: z.int().min(1),
  owner: ownerName,
  repository: repositoryBelowOwner,
  number: z.int().min(1).max(MAX_NUMBER),
});

/**
 * The readable name of a preview: a DNS-1035 label of at most 63 characters, computed from its arguments alone.
 *
 * `repo` is the repository's name as it is where that is possible: already a lower-case label, short enough, owned by
 * `platformOwner` (compared without case, as forges do), and not itself of the hashed form. In every other case it is
 * what can be read of the name, followed by a hash of repository id, owner and name. Two identities therefore share a
 * name only if they agree in owner, repository and number: a new repository under the name of a deleted one. The
 * record of the preview, which holds the repository id, tells those apart. The number is not hashed, so that all
 * previews of a repository lie in one folder.
 *
 * @param platformOwner owner of the platform's first source
 * @throws GreenroomError `invalid-input` for an identity that no forge could have given
 */
export function previewName(identity: Identity, platformOwner: string): PreviewName {
  validate(identity);
  const repo = repositoryLabel(identity, platformOwner);
  return { name: `pr-${repo}-${identity.number}`, repo };
}

/** The one host of a preview, a single label below the platform's domain so that a wildcard certificate covers it. */
export function previewHost(name: string, domain: string): string {
  return `${name}.${domain}`;
}

function repositoryLabel(identity: Identity, platformOwner: string): string {
  const { repository, owner } = identity;
  const slug = repository
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  const isLossless = slug === repository && slug.length <= MAX_REPO && !HASHED.test(slug);
  if (isLossless && owner.toLowerCase() === platformOwner.toLowerCase()) return slug;
  const hash = identityHash(identity);
  const readable = slug.slice(0, MAX_REPO - hash.length - 1).replace(/-$/, '');
  // A name of dots and dashes only leaves nothing to read.
  return `${readable || 'repo'}-${hash}`;
}

/** A digit of 2 to 7, then 50 bits in base32. Owners are the same in any case; everything else counts as it is. */
function identityHash({ repositoryId, owner, repository }: Identity): string {
  const digest = sha256Bytes(`${repositoryId}\n${owner.toLowerCase()}/${repository}`);
  const letters = Array.from(digest.subarray(1, 1 + HASH_LETTERS), (byte) => BASE32[byte & 31]);
  return `${2 + (digest[0]! % 6)}${letters.join('')}`;
}

function validate(identity: Identity): void {
  const { error } = identitySchema.safeParse(identity);
  if (!error) return;
  const problems = describeIssues(identitySchema, identity, error.issues);
  throw invalidInput(problems.map(({ path, message }) => ({ field: fieldName(path), message })));
}
