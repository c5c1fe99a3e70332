import { type CheckResult, couldNotRead, fail, ok, warn } from '../../cluster/check-result.ts';
import { list, text } from '../../cluster/reader.ts';
import { storedPullSecrets } from '../../model/platform/objects.ts';
import { serviceClasses } from '../../model/platform/service-class.ts';
import { ENGINES, type Engine, type PlatformSpec } from '../../model/platform.ts';
import { reconcilerOf } from '../../reconcilers/index.ts';
import type { NeededKinds } from '../../reconcilers/reconciler.ts';
import { chose, type DoctorContext } from './context.ts';

/** All kinds outside of Kubernetes that the bootstrap, the policies or previews of this platform may use. */
function needed({ platform, previews, home }: DoctorContext): NeededKinds[] {
  const all = [...(home ? reconcilerOf(platform).doctor.needs : []), ...(previews ? ofPreviews(platform) : [])];
  return all.filter((each) => each !== false);
}

/** The kinds of each engine's policies; false for Kubernetes' own. */
const OF_ENGINES: Readonly<Record<Engine, NeededKinds | false>> = {
  vap: false,
  kyverno: {
    groupVersion: 'policies.kyverno.io/v1',
    kinds: ['DeletingPolicy', 'ValidatingPolicy'],
    by: 'Kyverno 1.17 or newer',
  },
  'kyverno-legacy': { groupVersion: 'kyverno.io/v1', kinds: ['ClusterPolicy'], by: 'Kyverno' },
  gatekeeper: { groupVersion: 'templates.gatekeeper.sh/v1', kinds: ['ConstraintTemplate'], by: 'Gatekeeper' },
};

function ofPreviews(platform: PlatformSpec): (NeededKinds | false)[] {
  return [
    { groupVersion: 'cert-manager.io/v1', kinds: ['Certificate'], by: 'cert-manager' },
    platform.ingress.kind === 'gateway' && {
      groupVersion: 'gateway.networking.k8s.io/v1',
      kinds: ['Gateway', 'GatewayClass', 'HTTPRoute'],
      by: 'the Gateway API',
    },
    platform.secrets.mechanism === 'external-secrets' && {
      groupVersion: 'external-secrets.io/v1',
      kinds: ['ClusterSecretStore', 'ExternalSecret'],
      by: 'External Secrets',
      ...(storedPullSecrets(platform.imagePullSecrets).length === 0 && { onlyFor: 'previews with secrets' }),
    },
    platform.secrets.mechanism === 'sealed-secrets' && {
      groupVersion: 'bitnami.com/v1alpha1',
      kinds: ['SealedSecret'],
      by: 'Sealed Secrets',
      onlyFor: 'previews with secrets',
    },
    ...ENGINES.filter((engine) => chose(platform, engine)).map((engine) => OF_ENGINES[engine]),
    ...serviceClasses(platform.services).map(([type, { apiVersion, kind }]) => ({
      groupVersion: apiVersion,
      kinds: [kind],
      by: `the operator of ${type}`,
      onlyFor: `previews with ${type}`,
    })),
    platform.knative && { groupVersion: 'serving.knative.dev/v1', kinds: ['Service'], by: 'Knative Serving' },
  ];
}

/** Checks that the cluster serves the kinds that greenroom writes. */
export async function definitions(context: DoctorContext): Promise<CheckResult[]> {
  return Promise.all(needed(context).map((each) => served(context, each)));
}

async function served(
  { reader }: DoctorContext,
  { groupVersion, kinds, by, onlyFor }: NeededKinds,
): Promise<CheckResult> {
  const check = `kinds/${groupVersion.split('/')[0]}`;
  const answer = await reader.get(`/apis/${groupVersion}`);
  if (answer.kind === 'refused') return couldNotRead(check, `the kinds of ${groupVersion}`, answer);
  const there = new Set(answer.kind === 'missing' ? [] : list(answer.value, 'resources').map((r) => text(r, 'kind')));
  const lacking = kinds.filter((kind) => !there.has(kind));
  if (lacking.length === 0) return ok(check, `${by} serves ${kinds.join(', ')}`);
  const none = `The cluster has no ${lacking.join(', ')} of ${groupVersion}`;
  return onlyFor === undefined
    ? fail(check, `${none}.`, `Install ${by}.`)
    : warn(check, `${none}: ${onlyFor} do not start.`, `Install ${by}, if there are any.`);
}
