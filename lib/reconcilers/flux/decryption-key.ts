import { type CheckResult, couldNotRead, fail, ok } from '../../cluster/check-result.ts';
import { recordAt } from '../../core/json.ts';
import type { ClusterContext } from '../reconciler.ts';
import { decryptionOf } from './decryption.ts';
import { FLUX_NAMESPACE } from './names.ts';

const CHECK = 'sops';
/**
 * How the keys of a Secret end that kustomize-controller reads.
 *
 * @see https://fluxcd.io/flux/components/kustomize/kustomizations/#decryption
 */
const READ = /(\.agekey|\.asc|^sops\.(aws-kms|azure-kv|gcp-kms|vault-token))$/;

/**
 * Checks that the Secret with which Flux decrypts exists, and that a private key in it belongs to a recipient for which
 * files are encrypted. Keys of age are compared; of others only Flux knows more. No message contains a key.
 */
export async function decryptionKey({ reader, platform }: ClusterContext): Promise<readonly CheckResult[]> {
  const name = decryptionOf(platform)?.secretRef?.name;
  if (name === undefined) return [];
  const answer = await reader.get(`/api/v1/namespaces/${FLUX_NAMESPACE}/secrets/${name}`);
  const what = `Secret ${name} in ${FLUX_NAMESPACE}`;
  if (answer.kind === 'refused') return [couldNotRead(CHECK, what, answer)];
  const create = `kubectl create secret generic ${name} --namespace=${FLUX_NAMESPACE} --from-file=age.agekey=FILE`;
  if (answer.kind === 'missing') {
    return [fail(CHECK, `There is no ${what}: Flux applies no preview without it.`, `Create it: ${create}`)];
  }
  const keys = Object.entries(recordAt(answer.value, ['data'])).filter(([key]) => READ.test(key));
  if (keys.length === 0) {
    return [fail(CHECK, `The ${what} has no key that Flux reads, such as age.agekey.`, `Create it again: ${create}`)];
  }
  // Only `doctor` of a platform with sops needs it.
  const { ageRecipients } = await import('./age.ts');
  const { recipients } = platform.secrets.sops;
  const own = keys
    .filter(([key]) => key.endsWith('.agekey'))
    .flatMap(([, value]) => ageRecipients(Buffer.from(String(value), 'base64').toString()));
  const isOther = keys.length > 1 || !keys[0]![0].endsWith('.agekey');
  if (recipients.some((recipient) => own.includes(recipient))) {
    return [ok(CHECK, `the ${what} decrypts what is encrypted for secrets.sops.recipients`)];
  }
  if (isOther && recipients.some((recipient) => !recipient.startsWith('age1'))) {
    return [ok(CHECK, `the ${what} is there; its keys are not of age, so they were not compared`)];
  }
  const found = own.length === 0 ? 'none of age' : own.join(', ');
  const message = `The ${what} cannot decrypt what is encrypted for secrets.sops.recipients: its keys are for ${found}.`;
  return [fail(CHECK, message, 'Put the private key of one of these recipients into it, or change the recipients.')];
}
