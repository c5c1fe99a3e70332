import { isSameRepository, namesOf } from '../../core/repository.ts';
import { isFork, type PullRequest } from '../../forge/forge.ts';
import type { AppsRepo } from '../../gitops/apps-repo.ts';
import { PREVIEW_FILE } from '../../model/layout.ts';
import { microAppFile } from '../../model/micro-app.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import type { PreviewSpec } from '../../model/preview.ts';
import { PROPOSAL_BRANCH } from '../../model/proposal.ts';
import { hasLabel } from '../../model/pull-labels.ts';
import type { Registrations } from '../../model/registrations.ts';
import { fits } from '../../model/wildcard.ts';

/** Why a pull request has no preview. */
export type Ineligible =
  | 'closed'
  | 'merged'
  | 'not-a-source'
  | 'not-registered'
  | 'draft'
  | 'fork'
  | 'label'
  | 'branch'
  | 'author'
  | 'paths'
  | 'stopped'
  | 'proposal';

export interface Refusal {
  readonly reason: Ineligible;
  /** For the maker: what to do, if there is something to do. */
  readonly sentence: string;
}

/**
 * Why this pull request gets no preview by the platform's settings; null if it gets one.
 *
 * @param registrations from the same commit of the apps repo, if a source requires them
 */
export function refusalOf(
  pull: PullRequest,
  platform: PlatformSpec,
  registrations: Registrations | null,
): Refusal | null {
  if (pull.state === 'closed') {
    return pull.merged
      ? { reason: 'merged', sentence: 'This pull request was merged.' }
      : { reason: 'closed', sentence: 'This pull request was closed.' };
  }
  const { owner, name } = namesOf(pull.repository);
  const sources = platform.sources.filter(
    (source) =>
      sameName(source.owner, owner) &&
      (source.repos === undefined || source.repos.some((repo) => sameName(repo, name))),
  );
  if (sources.length === 0) {
    return {
      reason: 'not-a-source',
      sentence: `Previews are not set up for ${pull.repository.path}; ask ${platform.policies.contact}.`,
    };
  }
  // Several sources may name one repository; the pull request must match only one of them.
  const unregistered = (): Refusal => ({
    reason: 'not-registered',
    sentence: `${pull.repository.path} is not registered for previews: propose \`${microAppFile(pull.repository.path)}\` in the apps repo, or ask ${platform.policies.contact}.`,
  });
  const refusals = sources.map((source) =>
    source.registered && registrations?.has(pull.repository) !== true ? unregistered() : refusalBySource(pull, source),
  );
  return refusals.includes(null) ? null : refusals[0]!;
}

/** Whether it is a proposal in the apps repo that waits for review, not a maker's pull request. */
export function isProposal({ proposals }: Pick<AppsRepo, 'proposals'>, pull: PullRequest): boolean {
  if (proposals === undefined || !isSameRepository(proposals.repository, pull.repository)) return false;
  return !isFork(pull) && pull.head.ref.startsWith(PROPOSAL_BRANCH);
}

/** The refusal if a command has stopped the preview of this head, else null. A command can start it again. */
export function stopOf({ override }: PullRequest): Refusal | null {
  return override?.action === 'stop' ? { reason: 'stopped', sentence: `${override.by} stopped it` } : null;
}

function refusalBySource(pull: PullRequest, source: PlatformSpec['sources'][number]): Refusal | null {
  if (pull.draft && !source.drafts) {
    return { reason: 'draft', sentence: 'This pull request is a draft; mark it as ready for review to get a preview.' };
  }
  if (isFork(pull) && !source.forks) {
    return { reason: 'fork', sentence: 'This pull request comes from a fork; forks get no preview here.' };
  }
  if (source.label !== undefined && !hasLabel(pull.labels, source.label)) {
    return { reason: 'label', sentence: `Add the label "${source.label}" to get a preview.` };
  }
  return refusalByLabels(pull, source) ?? refusalByBranch(pull, source) ?? refusalByAuthor(pull, source);
}

type Source = PlatformSpec['sources'][number];

function refusalByLabels({ labels }: PullRequest, { labels: { any, all, none } }: Source): Refusal | null {
  const has = (label: string) => hasLabel(labels, label);
  const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');
  const unwanted = none?.filter(has) ?? [];
  if (unwanted.length > 0) {
    return { reason: 'label', sentence: `Remove the label ${quoted(unwanted)} to get a preview.` };
  }
  const missing = all?.filter((label) => !has(label)) ?? [];
  if (missing.length > 0) return { reason: 'label', sentence: `Add the label ${quoted(missing)} to get a preview.` };
  if (any === undefined || any.some(has)) return null;
  return { reason: 'label', sentence: `Add one of the labels ${quoted(any)} to get a preview.` };
}

function refusalByBranch({ base }: PullRequest, { branches }: Source): Refusal | null {
  if (branches === undefined || (base !== undefined && branches.some((pattern) => fits(pattern, base)))) return null;
  const wanted = branches.join(', ');
  return {
    reason: 'branch',
    sentence: `Previews are for pull requests into ${wanted}; this one is into ${base ?? 'another branch'}.`,
  };
}

function refusalByAuthor(pull: PullRequest, { authors: { only, except, bots } }: Source): Refusal | null {
  const login = pull.author.toLowerCase();
  const among = (patterns: readonly string[]) => patterns.some((pattern) => fits(pattern.toLowerCase(), login));
  if (pull.isByBot === true && !bots && only?.includes(pull.author) !== true) {
    return { reason: 'author', sentence: 'This pull request was opened by a program; programs get no preview here.' };
  }
  if ((only === undefined || among(only)) && !(except !== undefined && among(except))) return null;
  return { reason: 'author', sentence: `Pull requests of ${pull.author} get no preview here.` };
}

/**
 * The refusal if the maker's own `paths` match nothing in this pull request, else null.
 *
 * @param changed paths that it changes. The preview's own files always match
 */
export function refusalByPaths(
  { paths, manifests }: Pick<PreviewSpec, 'paths' | 'manifests'>,
  changed: readonly string[],
): Refusal | null {
  if (paths === undefined) return null;
  const own = [PREVIEW_FILE, ...(manifests === undefined ? [] : [`${manifests}/**`])];
  if (changed.some((path) => [...own, ...paths].some((pattern) => fits(pattern, path)))) return null;
  return {
    reason: 'paths',
    sentence: `This pull request changes nothing that \`paths\` in preview.yaml names (${paths.join(', ')}).`,
  };
}

/** Forges ignore case in names of owners and repositories. */
function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
