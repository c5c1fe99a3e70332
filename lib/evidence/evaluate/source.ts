import * as z from 'zod';
import type { BuildSource } from '../signatures/certificate.ts';
import type { Claim } from './claim.ts';
import type { Verdict } from './verdict.ts';

/** The pull request that the image must be built for. */
export interface BuildSubject {
  readonly repositoryId: number;
  /** `owner/name`, or longer with nested groups. */
  readonly repository: string;
  readonly number: number;
  readonly head: string;
  /** Parents of merge commits of `refs/pull/<number>/merge`: builds of pull requests often run on such a commit. */
  readonly mergeParents: ReadonlyMap<string, readonly string[]>;
}

const SLSA_V1 = 'https://slsa.dev/provenance/v1';

/** Source: https://slsa.dev/spec/v1.0/provenance and GitHub's build type in https://actions.github.io/buildtypes/ */
const slsa = z.object({
  buildDefinition: z.object({
    internalParameters: z
      .object({ github: z.object({ repository_id: z.union([z.string(), z.number()]).nullish() }).nullish() })
      .nullish(),
    resolvedDependencies: z
      .array(z.object({ uri: z.string().max(1000).nullish(), digest: z.record(z.string(), z.string()).nullish() }))
      .nullish(),
  }),
});

/** What the image was built from, according to one claim. */
interface Origin {
  readonly isRepository: boolean;
  readonly commit: string;
  /** Whether the build ran on the forge's merge of this pull request into its base branch. */
  readonly isMerge: boolean;
  /** The repository, for messages. */
  readonly named: string;
}

/**
 * Whether the image was built from this repository and this pull request's head. With a keyless signature the signer's
 * certificate tells. A key tells nothing about the build, so it needs a signed SLSA provenance.
 */
export function evaluateSource(claims: readonly Claim[], subject: BuildSubject): Verdict {
  const origins = claims.flatMap((claim) => originsOf(claim, subject));
  const fits = origins.filter(({ isRepository }) => isRepository);
  if (fits.some((origin) => isOfHead(origin, subject))) {
    return { status: 'shown', sentence: `It was built from ${short(subject.head)} of ${subject.repository}` };
  }
  if (fits.length > 0) {
    const commits = [...new Set(fits.map(({ commit }) => short(commit)))].slice(0, 3).join(', ');
    return {
      status: 'wrong',
      sentence: `The image was built from ${commits}, and this pull request is at ${short(subject.head)}: push its build for this commit`,
    };
  }
  const [other] = origins;
  if (other !== undefined) {
    // Numbers of repositories differ if one was deleted and made again, or is on another forge.
    const isNamesake = other.named.toLowerCase() === subject.repository.toLowerCase();
    return {
      status: 'wrong',
      sentence: `The image was built from ${isNamesake ? 'another repository called ' : ''}${other.named}, not from ${subject.repository}: name an image of this repository's own build`,
    };
  }
  return {
    status: 'missing',
    sentence: `Nothing shows that the image was built from ${subject.repository}: let your build sign it keyless, or attest its SLSA provenance`,
  };
}

export function isProvenance(predicateType: string): boolean {
  return predicateType === SLSA_V1;
}

/** Merge commits whose parents must be looked up first. */
export function commitsToLookUp(claims: readonly Claim[], subject: BuildSubject): string[] {
  const origins = claims.flatMap((claim) => originsOf(claim, subject));
  const merges = origins.filter(({ isRepository, isMerge }) => isRepository && isMerge).map(({ commit }) => commit);
  return [...new Set(merges)].filter((commit) => commit !== subject.head && !subject.mergeParents.has(commit));
}

function originsOf({ signer, predicateType, predicate }: Claim, subject: BuildSubject): Origin[] {
  if (signer.by === 'identity') return certifiedOrigins(signer.source, subject);
  return isProvenance(predicateType) ? provenOrigins(predicate, subject) : [];
}

function certifiedOrigins({ repository, repositoryId, commit, ref }: BuildSource, subject: BuildSubject): Origin[] {
  if (repositoryId === undefined || commit === undefined) return [];
  const path = repository?.replace(/^https?:\/\/[^/]+\//, '').replace(/[^\w./-]/g, '?');
  const named = (path ?? `repository ${repositoryId}`).slice(0, 140);
  return [
    { isRepository: repositoryId === String(subject.repositoryId), commit, isMerge: isMergeRef(ref, subject), named },
  ];
}

function provenOrigins(predicate: unknown, subject: BuildSubject): Origin[] {
  const read = slsa.safeParse(predicate);
  if (!read.success) return [];
  const { internalParameters, resolvedDependencies } = read.data.buildDefinition;
  const id = internalParameters?.github?.repository_id ?? subject.repositoryId;
  return (resolvedDependencies ?? []).flatMap(({ uri, digest }) => {
    const commit = digest?.['gitCommit'] ?? digest?.['sha1'];
    const [, named, ref] =
      /^git\+https?:\/\/[^/@]+\/([\w.-]+(?:\/[\w.-]+)*\/[\w.-]+?)(?:\.git)?(?:@(.*))?$/.exec(uri ?? '') ?? [];
    if (commit === undefined || named === undefined) return [];
    const isRepository =
      named.toLowerCase() === subject.repository.toLowerCase() && String(id) === String(subject.repositoryId);
    return [{ isRepository, commit, isMerge: isMergeRef(ref, subject), named }];
  });
}

function isMergeRef(ref: string | undefined, { number }: BuildSubject): boolean {
  return ref === `refs/pull/${number}/merge`;
}

/** The head itself, or any merge of it: the forge's current merge commit is often newer than the build's. */
function isOfHead({ commit, isMerge }: Origin, { head, mergeParents }: BuildSubject): boolean {
  if (commit === head) return true;
  const parents = mergeParents.get(commit);
  return isMerge && parents?.length === 2 && parents[1] === head;
}

function short(sha: string): string {
  return /^[0-9a-f]{7,64}$/.test(sha) ? sha.slice(0, 7) : 'another commit';
}
