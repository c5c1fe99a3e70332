import { commitMessage } from '../../gitops/message.ts';
import { causeOf } from './cause.ts';
import type { PreviewPlan } from './plan-preview.ts';

const VERBS = { create: 'add', update: 'update', remove: 'remove', none: 'keep' } as const;

/** One commit may contain several previews; each has its own trailers. */
export function commitMessageOf(plans: readonly PreviewPlan[]): string {
  const [first] = plans;
  const verbs = [...new Set(plans.map((plan) => VERBS[plan.effect]))];
  const subject =
    plans.length === 1
      ? `${VERBS[first!.effect]} ${first!.name} (${reasonOf(first!)})`
      : `${verbs.join(' and ')} ${plans.length} previews`;
  return commitMessage(
    subject,
    plans.map((plan) => {
      const { repository, number, head } = plan.pull;
      const pullRequest = { path: repository.path, number };
      return { preview: plan.name, pullRequest, head: head.sha, cause: causeOf(plan) };
    }),
  );
}

function reasonOf({ state, pull }: PreviewPlan): string {
  if (state.state === 'none') return state.reason;
  if (state.state === 'no-file') return 'no preview.yaml';
  if ('live' in state && state.live !== null) return state.live.lost ? 'evidence lost' : 'evidence shown again';
  return pull.head.sha.slice(0, 7);
}
