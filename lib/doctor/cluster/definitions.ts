import type { PlatformSpec } from '../../model/platform.ts';
import { chose, type Look } from './look.ts';
import { couldNotLook, fail, type Observation, ok } from './observation.ts';
import { list, text } from './reader.ts';

interface Needed {
  /** `group/version`. */
  readonly groupVersion: string;
  readonly kinds: readonly string[];
  /** What serves them, as its project calls itself. */
  readonly by: string;
}

/** Every kind that the bootstrap, the policies or a preview of this platform may hold, beside Kubernetes' own. */
function needed({ platform, previews, argocd }: Look): Needed[] {
  const all: (Needed | false)[] = [
    argocd && {
      groupVersion: 'argoproj.io/v1alpha1',
      kinds: ['Application', 'ApplicationSet', 'AppProject'],
      by: 'Argo CD',
    },
    ...(previews ? ofPreviews(platform) : []),
  ];
  return all.filter((each) => each !== false);
}

function ofPreviews(platform: PlatformSpec): (Needed | false)[] {
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
    },
    platform.secrets.mechanism === 'sealed-secrets' && {
      groupVersion: 'bitnami.com/v1alpha1',
      kinds: ['SealedSecret'],
      by: 'Sealed Secrets',
    },
    chose(platform, 'kyverno') && {
      groupVersion: 'policies.kyverno.io/v1',
      kinds: ['DeletingPolicy', 'ValidatingPolicy'],
      by: 'Kyverno 1.17 or newer',
    },
    chose(platform, 'kyverno-legacy') && { groupVersion: 'kyverno.io/v1', kinds: ['ClusterPolicy'], by: 'Kyverno' },
    chose(platform, 'gatekeeper') && {
      groupVersion: 'templates.gatekeeper.sh/v1',
      kinds: ['ConstraintTemplate'],
      by: 'Gatekeeper',
    },
    platform.knative && { groupVersion: 'serving.knative.dev/v1', kinds: ['Service'], by: 'Knative Serving' },
    platform.reconciler === 'flux' && {
      groupVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kinds: ['Kustomization'],
      by: "Flux' kustomize-controller",
    },
    platform.reconciler === 'flux' && {
      groupVersion: 'source.toolkit.fluxcd.io/v1',
      kinds: ['GitRepository'],
      by: "Flux' source-controller",
    },
  ];
}

/** Whether the cluster serves the kinds that greenroom writes. */
export async function definitions(look: Look): Promise<Observation[]> {
  return Promise.all(needed(look).map((each) => served(look, each)));
}

async function served({ reader }: Look, { groupVersion, kinds, by }: Needed): Promise<Observation> {
  const check = `kinds/${groupVersion.split('/')[0]}`;
  const answer = await reader.get(`/apis/${groupVersion}`);
  if (answer.kind === 'refused') return couldNotLook(check, `the kinds of ${groupVersion}`, answer);
  const there = new Set(answer.kind === 'missing' ? [] : list(answer.value, 'resources').map((r) => text(r, 'kind')));
  const lacking = kinds.filter((kind) => !there.has(kind));
  if (lacking.length === 0) return ok(check, `${by} serves ${kinds.join(', ')}`);
  return fail(check, `The cluster has no ${lacking.join(', ')} of ${groupVersion}.`, `Install ${by}.`);
}
