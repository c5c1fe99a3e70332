import { isSameRepository, namesOf } from '../../core/repository.ts';
import { isFork, type PullRequest } from '../../forge/forge.ts';
import type { AppsRepo } from '../../gitops/apps-repo.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { PROPOSAL_BRANCH } from '../../model/proposal.ts';
import { hasLabel } from '../../model/pull-labels.ts';

/** Why a pull request has no preview. */
export type Ineligible = 'closed' | 'merged' | 'not-a-source' | 'draft' | 'fork' | 'label' | 'stopped' | 'proposal';

export interface Refusal {
  readonly reason: Ineligible;
  /** For the maker: what to do, if there is something to do. */
  readonly sentence: string;
}

/** Whether the platform's rules give this pull request a preview: null for yes. */
export function refusalOf(pull: PullRequest, platform: PlatformSpec): Refusal | null {
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
  // Several sources may name one repository; the pull request needs to fit only one of them.
  const refusals = sources.map((source) => refusalBySource(pull, source));
  return refusals.includes(null) ? null : refusals[0]!;
}

/** Whether it is one of the apps repo's own, which wait for their review there: no maker's. */
export function isProposal({ proposals }: Pick<AppsRepo, 'proposals'>, pull: PullRequest): boolean {
  if (proposals === undefined || !isSameRepository(proposals.repository, pull.repository)) return false;
  return !isFork(pull) && pull.head.ref.startsWith(PROPOSAL_BRANCH);
}

/** Whether a command has stopped the preview of this head; null for no. A command can start it again. */
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
  return null;
}

/** Forges take names of owners and repositories without regard to case. */
function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
