import { couldNotLook, fail, type Observation, ok, warn } from '../../cluster/observation.ts';
import { at, text } from '../../cluster/reader.ts';
import { EXPIRY_POLICY } from '../../constructs/bootstrap/expiry.ts';
import { CLEANER_ACCOUNT, CLEANER_NAMESPACE } from '../../model/labels.ts';
import { chose, type Look } from './look.ts';

/** A job that has not succeeded for so long is not doing its work: its schedule is minutes. */
const TOO_LONG = 3600;

/** What ends expired previews in the cluster when the sweep cannot. */
export async function expiry(look: Look): Promise<Observation[]> {
  if (!look.previews) return [];
  return chose(look.platform, 'kyverno') ? deletingPolicy(look) : cleaner(look);
}

async function cleaner({ reader, now }: Look): Promise<Observation[]> {
  const answer = await reader.get(`/apis/batch/v1/namespaces/${CLEANER_NAMESPACE}/cronjobs/${CLEANER_ACCOUNT}`);
  const named = `CronJob ${CLEANER_ACCOUNT} in ${CLEANER_NAMESPACE}`;
  if (answer.kind === 'refused') return [couldNotLook('expiry', named, answer)];
  if (answer.kind === 'missing') return [nobody(named)];
  const job = answer.value;
  if (at(job, 'spec', 'suspend') === true) {
    return [fail('expiry', `${named} is suspended.`, 'Take spec.suspend off it.')];
  }
  return [lastTime(named, text(job, 'status', 'lastSuccessfulTime'), text(job, 'metadata', 'creationTimestamp'), now)];
}

async function deletingPolicy({ reader, now }: Look): Promise<Observation[]> {
  const answer = await reader.get(`/apis/policies.kyverno.io/v1/deletingpolicies/${EXPIRY_POLICY}`);
  const named = `DeletingPolicy ${EXPIRY_POLICY}`;
  if (answer.kind === 'refused') return [couldNotLook('expiry', named, answer)];
  if (answer.kind === 'missing') return [nobody(named)];
  const { value } = answer;
  return [
    lastTime(named, text(value, 'status', 'lastExecutionTime'), text(value, 'metadata', 'creationTimestamp'), now),
  ];
}

function nobody(named: string): Observation {
  return fail(
    'expiry',
    `There is no ${named}: nothing ends an expired preview while the sweep is dead.`,
    'An administrator applies bootstrap/install again.',
  );
}

function lastTime(named: string, last: string, created: string, now: number): Observation {
  const ran = Date.parse(last) / 1000;
  const age = now - (Number.isNaN(ran) ? Date.parse(created) / 1000 : ran);
  if (!(age > TOO_LONG)) {
    return Number.isNaN(ran)
      ? warn('expiry', `${named} is new and has not run yet.`, 'Run doctor again in a few minutes.')
      : ok('expiry', `${named} last did its work at ${last}`);
  }
  return fail(
    'expiry',
    Number.isNaN(ran) ? `${named} has never done its work.` : `${named} last did its work at ${last}.`,
    named.startsWith('CronJob')
      ? 'Look at its jobs: an image that cannot be pulled (cleaner.image) is the usual cause.'
      : "Look at Kyverno's clean-up controller.",
  );
}
