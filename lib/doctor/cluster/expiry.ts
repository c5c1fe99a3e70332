import { type CheckResult, couldNotRead, fail, ok, warn } from '../../cluster/check-result.ts';
import { text } from '../../cluster/reader.ts';
import { EXPIRY_POLICY } from '../../constructs/bootstrap/expiry.ts';
import { at } from '../../core/json.ts';
import { CLEANER_ACCOUNT, CLEANER_NAMESPACE } from '../../model/labels.ts';
import { chose, type DoctorContext } from './context.ts';

/** A job that did not succeed for this long does not work: it runs every few minutes. */
const TOO_LONG = 3600;

/** Checks what ends expired previews in the cluster when the sweep does not run. */
export async function expiry(context: DoctorContext): Promise<CheckResult[]> {
  if (!context.previews) return [];
  return chose(context.platform, 'kyverno') ? deletingPolicy(context) : cleaner(context);
}

async function cleaner({ reader, now }: DoctorContext): Promise<CheckResult[]> {
  const answer = await reader.get(`/apis/batch/v1/namespaces/${CLEANER_NAMESPACE}/cronjobs/${CLEANER_ACCOUNT}`);
  const named = `CronJob ${CLEANER_ACCOUNT} in ${CLEANER_NAMESPACE}`;
  if (answer.kind === 'refused') return [couldNotRead('expiry', named, answer)];
  if (answer.kind === 'missing') return [nobody(named)];
  const job = answer.value;
  if (at(job, 'spec', 'suspend') === true) {
    return [fail('expiry', `${named} is suspended.`, 'Remove its spec.suspend.')];
  }
  return [lastTime(named, text(job, 'status', 'lastSuccessfulTime'), text(job, 'metadata', 'creationTimestamp'), now)];
}

async function deletingPolicy({ reader, now }: DoctorContext): Promise<CheckResult[]> {
  const answer = await reader.get(`/apis/policies.kyverno.io/v1/deletingpolicies/${EXPIRY_POLICY}`);
  const named = `DeletingPolicy ${EXPIRY_POLICY}`;
  if (answer.kind === 'refused') return [couldNotRead('expiry', named, answer)];
  if (answer.kind === 'missing') return [nobody(named)];
  const { value } = answer;
  return [
    lastTime(named, text(value, 'status', 'lastExecutionTime'), text(value, 'metadata', 'creationTimestamp'), now),
  ];
}

function nobody(named: string): CheckResult {
  return fail(
    'expiry',
    `There is no ${named}: nothing ends an expired preview while the sweep does not run.`,
    'An administrator applies bootstrap/install again.',
  );
}

function lastTime(named: string, last: string, created: string, now: number): CheckResult {
  const ran = Date.parse(last) / 1000;
  const age = now - (Number.isNaN(ran) ? Date.parse(created) / 1000 : ran);
  if (!(age > TOO_LONG)) {
    return Number.isNaN(ran)
      ? warn('expiry', `${named} is new and has not run yet.`, 'Run doctor again in a few minutes.')
      : ok('expiry', `${named} last ran successfully at ${last}`);
  }
  return fail(
    'expiry',
    Number.isNaN(ran) ? `${named} has never run successfully.` : `${named} last ran successfully at ${last}.`,
    named.startsWith('CronJob')
      ? 'Look at its jobs: an image that cannot be pulled (cleaner.image) is the usual cause.'
      : "Look at Kyverno's clean-up controller.",
  );
}
