import * as z from 'zod';
import { sha256Bytes } from '../core/digest.ts';
import { invalidInput } from '../core/errors.ts';
import { fieldName } from './load/field.ts';
import { describeIssues } from './load/sentences.ts';
import { MAX_LABEL, ownerName, repositoryBelowOwner } from './scalars.ts';

/** The pull request and repository that a preview belongs to. */
export interface Identity {
  /** The forge's numeric id of the repository. It never changes. */
  readonly repositoryId: number;
  /** First part of the repository's path. */
  readonly owner: string;
  /** The rest of the path: a name, or groups and a name (`web/shop`) on forges with nested groups. */
  readonly repository: string;
  /** Number of the pull request. */
  readonly number: number;
}

/** The readable name of a preview, and the repository's part of it. */
export interface PreviewName {
  /** `pr-<repo>-<number>`: folder, namespace, Application, host label and `greenroom.dev/preview` label. */
  readonly name: string;
  /** The repository's part of the name. It is also the folder of all its previews. */
  readonly repo: string;
}

/** Pull request numbers are 32-bit on all known forges. */
const MAX_NUMBER = 2 ** 31;
const MAX_REPO = MAX_LABEL - 'pr-'.length - '-'.length - String(MAX_NUMBER).length;

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const HASH_LETTERS = 10;
/** Starts with a digit, so that a repository with an ordinary name (`design-components`) does not look hashed. */
const HASHED = /-[2-7][a-z2-7]{10}$/;

const identitySchema = z.object({
  repositoryId: z.int().min(1),
  owner: ownerName,
  repository: repositoryBelowOwner,
  number: z.int().min(1).max(MAX_NUMBER),
});

/**
 * The readable name of a preview: a DNS-1035 label of at most 63 characters, computed only from its arguments.
 *
 * If possible, `repo` is the unchanged name of the repository: it must be a lower-case label, short enough, owned by
 * `platformOwner` (compared without case, as forges do), and must not look hashed. Otherwise it is the readable part of
 * the name and a hash of repository id, owner and name. So two identities share a name only if owner, repository and
 * number are equal: a new repository with the name of a deleted one. The preview's record contains the repository id
 * and tells them apart. The number is not hashed, so that all previews of a repository are in one folder.
 *
 * @param platformOwner owner of the platform's first source
 * @throws GreenroomError `invalid-input` for an identity that no forge could have given
 */
export function previewName(identity: Identity, platformOwner: string): PreviewName {
  validate(identity);
  const repo = repositoryLabel(identity, platformOwner);
  return { name: `pr-${repo}-${identity.number}`, repo };
}

/** The host of a preview: one label below the platform's domain, so that a wildcard certificate covers it. */
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
  // A name of only dots and dashes has no readable part.
  return `${readable || 'repo'}-${hash}`;
}

/** A digit from 2 to 7, then 50 bits in base32. The case of the owner is ignored; everything else counts unchanged. */
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
