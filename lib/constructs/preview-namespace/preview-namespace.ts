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
import { type OperatedService, SERVICE_SECRET_ANNOTATION } from './operated.ts';
import type { PreviewNamespaceProps } from './props.ts';
import { PULL_SECRET, pullSecretSpec } from './pull-secret.ts';
import { type NamespaceBounds, quotaProblems } from './quota.ts';

/** Labels that set Pod Security `restricted` in all three modes. */
export const POD_SECURITY: StringMap = Object.fromEntries(
  ['enforce', 'warn', 'audit'].flatMap((mode) => [
    [`pod-security.kubernetes.io/${mode}`, 'restricted'],
    [`pod-security.kubernetes.io/${mode}-version`, 'latest'],
  ]),
);

/**
 * The fence of one preview: its namespace with everything that limits it. Only the fencer writes it; the account that
 * applies the app cannot change any of it.
 *
 * Namespace (Pod Security `restricted`), ResourceQuota, LimitRange, NetworkPolicies, ServiceAccounts without tokens,
 * and the reconciler's account with its RoleBinding.
 */
export class PreviewNamespace extends Construct {
  /** Name of the namespace. */
  readonly name: string;
  /** The Namespace, with the labels that Pod Security and the guards use. */
  readonly namespace: ApiObject;
  /** Limits of all pods of the preview together. */
  readonly resourceQuota: CoreObject<'ResourceQuota'>;
  /** Limits and defaults of one container. */
  readonly limitRange: CoreObject<'LimitRange'>;
  /**
   * By name: `default-deny`, `allow-ingress`, `allow-same-preview`, `allow-dns`, and, if needed, `allow-egress` and
   * `allow-service-<type>` for pods of operators.
   */
  readonly networkPolicies: ReadonlyMap<string, CoreObject<'NetworkPolicy'>>;
  /** ExternalSecrets for pull secrets that are read from the secret store. */
  readonly pullSecrets: readonly ApiObject[];
  /** Objects of operators that run services for the preview. */
  readonly services: readonly ApiObject[];
  /** The accounts of the pods (`default` and the app's), and the account of the reconciler. */
  readonly serviceAccounts: readonly ApiObject[];
  /** Lets the reconciler's account write workloads into this namespace. */
  readonly roleBinding: ApiObject;
  /** Lets the reporter read this namespace; null if there is no reporter. */
  readonly watchBinding: ApiObject | null;

  private props: PreviewNamespaceProps;
  private readonly bounds: NamespaceBounds;
  private readonly labels: StringMap;
  private readonly childAnnotations: StringMap;
  private readonly outsideAnnotations: StringMap;

  /** @throws GreenroomError `invalid-input` with all invalid props */
  constructor(scope: Construct, id: string, props: PreviewNamespaceProps) {
    super(scope, id);
    const common = previewLabels(props.name, 'fence', props.partOf ?? props.name);
    const owner = ownership(props);
    // Both folders of a preview are removed at once in any order; the policies must outlive the last pod.
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
      // A copy, since all previews share the platform's settings.
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
    this.services = (props.services ?? []).map((service) => this.operated(service));
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
   * Which of the manifests would exceed the quota of this namespace. Synthesis does the same check for the whole app; this
   * is for callers that have manifests already, such as a maker's own.
   */
  quotaProblems(manifests: readonly object[]): Problem[] {
    return quotaProblems(this.bounds, manifests);
  }

  /**
   * Opens further ports of the pods to the ingress controller.
   *
   * @param ports null opens all ports
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
      ...this.services,
      ...this.serviceAccounts,
      this.roleBinding,
      ...(this.watchBinding === null ? [] : [this.watchBinding]),
    ];
  }

  /** Objects that count for the quota: those of other constructs in this namespace, and the pull secrets. */
  private inhabitants(): object[] {
    const fence = new Set<unknown>(this.apiObjects.filter((object) => !this.pullSecrets.includes(object)));
    const all = this.node.root.node.findAll().filter((construct) => ApiObject.isApiObject(construct));
    return all
      .filter((object) => object.metadata.namespace === this.name && !fence.has(object))
      .map((object) => object.toJson());
  }

  private metadata(name: string, namespace: string = this.name) {
    // An object in another namespace is not deleted with this one, so the reconciler must remove it.
    const annotations = namespace === this.name ? this.childAnnotations : this.outsideAnnotations;
    return { name, namespace, labels: this.labels, annotations };
  }

  private operated({ name, apiVersion, kind, spec, secret }: OperatedService): ApiObject {
    const { annotations, ...metadata } = this.metadata(name);
    const noted = { ...annotations, ...(secret !== undefined && { [SERVICE_SECRET_ANNOTATION]: secret }) };
    const object = { apiVersion, kind, metadata: { ...metadata, annotations: noted }, spec: structuredClone(spec) };
    return new PlainObject(this, `service-${name}`, object);
  }

  /** An account of pods, with its pull secrets. */
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

/** `2026-11-06T17:00:00Z`; empty for an invalid date, which the checks report. */
function isoSeconds(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().replace('.000Z', 'Z');
}
