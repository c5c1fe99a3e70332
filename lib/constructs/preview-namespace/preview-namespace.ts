import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { formatProblem, type Problem } from '../../core/errors.ts';
import {
  APP_ACCOUNT,
  EXPIRES_ANNOTATION,
  EXPIRES_LABEL,
  PULL_REQUEST_LABEL,
  previewLabels,
  RECONCILER_ACCOUNT,
  REPOSITORY_ANNOTATION,
  REPOSITORY_ID_LABEL,
  WATCH_ACCOUNT,
  WATCH_ROLE,
  WORKLOADS_ROLE,
} from '../../model/labels.ts';
import { pullSecretName, storedPullSecrets } from '../../model/platform/objects.ts';
import { DEFAULT_RECONCILER } from '../../model/platform.ts';
import { RECONCILERS } from '../../reconcilers/index.ts';
import { type CoreObject, kubeObject } from '../kube-object.ts';
import type { StringMap } from '../metadata.ts';
import { PlainObject } from '../plain-object.ts';
import { reconcilerAccount } from './accounts.ts';
import { checkProps } from './check-props.ts';
import { INGRESS_POLICY, ingressRules, networkPolicies } from './network-policies.ts';
import type { PreviewNamespaceProps } from './props.ts';
import { PULL_SECRET, pullSecretSpec } from './pull-secret.ts';
import { type NamespaceBounds, quotaProblems } from './quota.ts';

/** Labels that hold a namespace to Pod Security `restricted` in all three modes. */
export const POD_SECURITY: StringMap = Object.fromEntries(
  ['enforce', 'warn', 'audit'].flatMap((mode) => [
    [`pod-security.kubernetes.io/${mode}`, 'restricted'],
    [`pod-security.kubernetes.io/${mode}-version`, 'latest'],
  ]),
);

/**
 * The fence of one preview: a namespace of its own with everything that bounds what runs there. Written by the
 * platform's side only; the account of the app's reconciler cannot touch any of it.
 *
 * Namespace (Pod Security `restricted`), ResourceQuota, LimitRange, NetworkPolicies, ServiceAccounts without tokens,
 * and the reconciler's account with its RoleBinding.
 */
export class PreviewNamespace extends Construct {
  /** Name of the namespace. */
  readonly name: string;
  /** The Namespace, with the labels that Pod Security and the guards go by. */
  readonly namespace: ApiObject;
  /** What all pods of the preview may use together. */
  readonly resourceQuota: CoreObject<'ResourceQuota'>;
  /** What one container may use, and what it gets if it says nothing. */
  readonly limitRange: CoreObject<'LimitRange'>;
  /** By name: `default-deny`, `allow-ingress`, `allow-same-preview`, `allow-dns`, and `allow-egress` if there is one. */
  readonly networkPolicies: ReadonlyMap<string, CoreObject<'NetworkPolicy'>>;
  /** Reads each pull secret that has a reference from the secret store. */
  readonly pullSecrets: readonly ApiObject[];
  /** The accounts of the pods (`default` and the app's) and the reconciler's. */
  readonly serviceAccounts: readonly ApiObject[];
  /** Lets the reconciler's account write workloads into this namespace. */
  readonly roleBinding: ApiObject;
  /** Lets the reporter read this namespace; null where nobody does. */
  readonly watchBinding: ApiObject | null;

  private props: PreviewNamespaceProps;
  private readonly bounds: NamespaceBounds;
  private readonly labels: StringMap;
  private readonly childAnnotations: StringMap;
  private readonly outsideAnnotations: StringMap;

  /** @throws GreenroomError `invalid-input`, naming every prop that is wrong */
  constructor(scope: Construct, id: string, props: PreviewNamespaceProps) {
    super(scope, id);
    const common = previewLabels(props.name, 'fence', props.partOf ?? props.name);
    const owner = ownership(props);
    // Both folders of a preview go at once and in no order; the policies must outlive the last pod.
    const survival = RECONCILERS[props.reconciler?.kind ?? DEFAULT_RECONCILER].metadata.keep;
    checkProps(this, props, {
      labels: { ...common, ...owner.labels, ...POD_SECURITY },
      annotations: { ...owner.annotations, ...survival },
    });
    this.name = props.name;
    this.props = props;
    this.bounds = { quota: props.quota, limitRange: props.limitRange };
    this.labels = { ...props.labels, ...common };
    this.outsideAnnotations = props.annotations ?? {};
    this.childAnnotations = { ...props.annotations, ...survival };

    this.namespace = kubeObject(this, 'namespace', 'Namespace', {
      metadata: {
        name: props.name,
        labels: { ...this.labels, ...owner.labels, ...POD_SECURITY },
        annotations: { ...props.annotations, ...owner.annotations },
      },
    });
    this.resourceQuota = kubeObject(this, 'quota', 'ResourceQuota', {
      metadata: this.metadata('preview'),
      spec: { hard: { ...props.quota } },
    });
    this.limitRange = kubeObject(this, 'limits', 'LimitRange', {
      metadata: this.metadata('preview'),
      // A copy: the platform's settings are those of all other previews as well.
      spec: { limits: [{ type: 'Container', ...structuredClone(props.limitRange) }] },
    });
    this.networkPolicies = new Map(
      [...networkPolicies(props)].map(([name, spec]) => [
        name,
        kubeObject(this, name, 'NetworkPolicy', { metadata: this.metadata(name), spec }),
      ]),
    );
    this.pullSecrets = storedPullSecrets(props.imagePullSecrets ?? []).map((secret) => {
      const object = {
        ...PULL_SECRET,
        metadata: this.metadata(secret.name),
        spec: pullSecretSpec(secret, props.secretStore),
      };
      return new PlainObject(this, `pull-${secret.name}`, object);
    });
    const account = reconcilerAccount(props);
    this.serviceAccounts = [
      this.podAccount('default', props),
      this.podAccount(APP_ACCOUNT, props),
      this.serviceAccount(account.name, account.namespace),
    ];
    this.roleBinding = this.bind(
      'binding',
      RECONCILER_ACCOUNT,
      account,
      props.reconciler?.clusterRole ?? WORKLOADS_ROLE,
    );
    const watcher = { name: WATCH_ACCOUNT, namespace: WATCH_ACCOUNT };
    this.watchBinding = props.watched ? this.bind('watch', WATCH_ROLE, watcher, WATCH_ROLE) : null;
    this.node.addValidation({ validate: () => this.quotaProblems(this.inhabitants()).map(formatProblem) });
  }

  /**
   * What of the manifests would not fit into this namespace: the same check that synthesis makes over the whole app,
   * for callers that have the manifests already, such as a maker's own.
   */
  quotaProblems(manifests: readonly object[]): Problem[] {
    return quotaProblems(this.bounds, manifests);
  }

  /**
   * Opens further ports of the pods to the ingress controller, beside `ingressPorts`.
   *
   * @param ports null opens all of them
   */
  openPorts(ports: readonly number[] | null): void {
    const { ingressPorts } = this.props;
    if (ingressPorts === undefined) return;
    const { ingressPorts: _, ...open } = this.props;
    this.props = ports === null ? open : { ...this.props, ingressPorts: [...ingressPorts, ...ports] };
    this.networkPolicies.get(INGRESS_POLICY)!.spec.ingress = structuredClone(ingressRules(this.props)) as never;
  }

  /** Adds a label to every object of the fence. Call it before synthesis. */
  addLabel(key: string, value: string): void {
    for (const child of this.apiObjects) child.metadata.addLabel(key, value);
  }

  /** Adds an annotation to every object of the fence. Call it before synthesis. */
  addAnnotation(key: string, value: string): void {
    for (const child of this.apiObjects) child.metadata.addAnnotation(key, value);
  }

  /** The fence's objects, the Namespace first. */
  get apiObjects(): readonly ApiObject[] {
    return [
      this.namespace,
      this.resourceQuota,
      this.limitRange,
      ...this.networkPolicies.values(),
      ...this.pullSecrets,
      ...this.serviceAccounts,
      this.roleBinding,
      ...(this.watchBinding === null ? [] : [this.watchBinding]),
    ];
  }

  /** What counts against the quota: all that other constructs of the app put into this namespace, and the pull secrets. */
  private inhabitants(): object[] {
    const fence = new Set<unknown>(this.apiObjects.filter((object) => !this.pullSecrets.includes(object)));
    const all = this.node.root.node.findAll().filter((construct) => ApiObject.isApiObject(construct));
    return all
      .filter((object) => object.metadata.namespace === this.name && !fence.has(object))
      .map((object) => object.toJson());
  }

  private metadata(name: string, namespace: string = this.name) {
    // An object elsewhere does not go with the namespace, so the reconciler has to remove it.
    const annotations = namespace === this.name ? this.childAnnotations : this.outsideAnnotations;
    return { name, namespace, labels: this.labels, annotations };
  }

  /** An account of pods, with what they pull images by. */
  private podAccount(name: string, { imagePullSecrets = [] }: PreviewNamespaceProps): ApiObject {
    return kubeObject(this, `account-${name}`, 'ServiceAccount', {
      metadata: this.metadata(name),
      automountServiceAccountToken: false,
      ...(imagePullSecrets.length > 0 && {
        imagePullSecrets: imagePullSecrets.map((secret) => ({ name: pullSecretName(secret) })),
      }),
    });
  }

  private serviceAccount(name: string, namespace?: string): ApiObject {
    return kubeObject(this, `account-${name}`, 'ServiceAccount', {
      metadata: this.metadata(name, namespace),
      automountServiceAccountToken: false,
    });
  }

  private bind(id: string, name: string, account: { name: string; namespace: string }, role: string) {
    return kubeObject(this, id, 'RoleBinding', {
      metadata: this.metadata(name),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    });
  }
}

function ownership(props: PreviewNamespaceProps): { labels: StringMap; annotations: StringMap } {
  return {
    labels: {
      [REPOSITORY_ID_LABEL]: String(props.repositoryId),
      [PULL_REQUEST_LABEL]: String(props.number),
      [EXPIRES_LABEL]: String(props.expires),
    },
    annotations: {
      [REPOSITORY_ANNOTATION]: props.repository,
      [EXPIRES_ANNOTATION]: isoSeconds(props.expires),
    },
  };
}

/** `2026-11-06T17:00:00Z`; empty for a number that no date can hold, which the checks then name. */
function isoSeconds(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().replace('.000Z', 'Z');
}
