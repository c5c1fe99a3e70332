import type { CommitCause } from '../../gitops/message.ts';
import type { PreviewPlan } from './plan-preview.ts';

/** Why a plan changes the apps repo, for the history: a command and who gave it, or an event. */
export function causeOf(plan: Pick<PreviewPlan, 'pull' | 'state' | 'effect' | 'record' | 'live'>): CommitCause {
  switch (plan.effect) {
    case 'remove':
      return causeOfRemoval(plan);
    case 'create':
      return commandOf(plan, 'start') ?? commandOf(plan, 'extend') ?? { what: 'push' };
    default:
      return causeOfUpdate(plan);
  }
}

function causeOfRemoval({ pull, state }: Pick<PreviewPlan, 'pull' | 'state'>): CommitCause {
  if (state.state === 'no-file') return { what: 'no file' };
  if (state.state !== 'none') return { what: 'expired' };
  return (state.reason === 'stopped' ? commandOf({ pull }, 'stop') : null) ?? { what: state.reason };
}

function causeOfUpdate({
  pull,
  record,
  live,
  state,
}: Pick<PreviewPlan, 'pull' | 'record' | 'live' | 'state'>): CommitCause {
  if (state.state !== 'committed') return { what: 'evidence' };
  if (record?.headSha !== live?.headSha) return { what: 'push' };
  const isLater = record !== null && live !== null && record.expires > live.expires;
  return (isLater ? (commandOf({ pull }, 'extend') ?? commandOf({ pull }, 'start')) : null) ?? { what: 'settings' };
}

/** The command stored at the head if it is this one, else null. */
function commandOf({ pull }: Pick<PreviewPlan, 'pull'>, action: 'start' | 'stop' | 'extend'): CommitCause | null {
  const { override } = pull;
  return override?.action === action ? { what: `/preview ${action}`, by: override.by } : null;
}
