import type { ImagePullSecret } from '../../model/platform/objects.ts';
import type { ReconcilerName } from '../../model/platform.ts';
import type { StringMap } from '../metadata.ts';
import type { OperatedService } from './operated.ts';

/** The reconciler, and its account for the preview. */
export interface ReconcilerProps {
  /**
   * Its name in greenroom.yaml. It decides which annotation keeps the fence until the namespace is deleted, and where the
   * account is.
   * @default argocd
   */
  readonly kind?: ReconcilerName;
  /**
   * Name of the account that applies the app's objects.
   * @default - `preview-reconciler` for Argo CD (its AppProject names one account for all previews), the preview's name
   * for Flux
   */
  readonly account?: string;
  /**
   * Namespace of that account. Argo CD impersonates an account in the destination namespace; Flux uses an account in the
   * namespace of its Kustomization.
   * @default - the preview's namespace for Argo CD, `flux-system` for Flux
   */
  readonly accountNamespace?: string;
  /**
   * ClusterRole with the workload kinds that the account may write; bound in the preview's namespace only.
   * @default preview-workloads
   */
  readonly clusterRole?: string;
}

/** Resources of one container by name, as Kubernetes quantities: `{ cpu: '500m', memory: '256Mi' }`. */
export type ResourceList = StringMap;

/** Bounds of one container. */
export interface LimitRangeProps {
  /** Limits of a container that sets none. */
  readonly default: ResourceList;
  /** Requests of a container that sets none. */
  readonly defaultRequest: ResourceList;
  /**
   * Largest limits of one container.
   * @default - only the quota
   */
  readonly max?: ResourceList;
}

/** A network that the preview may reach. */
export interface EgressRule {
  /** IPv4 network such as `203.0.113.0/24`; `0.0.0.0/0` for the internet. */
  readonly cidr: string;
  /**
   * TCP ports.
   * @default - all ports of all protocols
   */
  readonly ports?: readonly number[];
}

/** Where the cluster's DNS is. */
export interface DnsProps {
  /**
   * Namespace of its pods.
   * @default kube-system
   */
  readonly namespace?: string;
  /**
   * Labels of its pods.
   * @default { 'k8s-app': 'kube-dns' }
   */
  readonly podLabels?: StringMap;
  /**
   * Ports of its pods, UDP and TCP.
   * @default [53]
   */
  readonly ports?: readonly number[];
  /**
   * IPv4 address of the node-local DNS cache, such as 169.254.20.10.
   * @default - none
   */
  readonly nodeLocal?: string | undefined;
}

/** Props of `PreviewNamespace`. */
export interface PreviewNamespaceProps {
  /** Name of the namespace, and the value of its `greenroom.dev/preview` label. A DNS label, at most 63 characters. */
  readonly name: string;
  /** `owner/name` of the repository that the preview shows. */
  readonly repository: string;
  /** The forge's numeric id of that repository. */
  readonly repositoryId: number;
  /** Number of the pull request. */
  readonly number: number;
  /** When the preview ends, in unix seconds. */
  readonly expires: number;
  /** Hard limits of the ResourceQuota: `{ 'limits.memory': '4Gi', pods: '10' }`. */
  readonly quota: StringMap;
  /**
   * Bounds of one container. Its defaults must cover every cpu and memory entry of the quota: a quota rejects pods without
   * such a resource.
   */
  readonly limitRange: LimitRangeProps;
  /** Namespaces that may open connections to the preview's pods. */
  readonly ingress: {
    /** Namespace of the ingress controller. */
    readonly controllerNamespace: string;
    /**
     * Further namespaces, e.g. `knative-serving` for its activator and autoscaler.
     * @default []
     */
    readonly additionalNamespaces?: readonly string[];
  };
  /**
   * Ports of the pods that those namespaces and `testHarness` may open connections to.
   * @default - all ports
   */
  readonly ingressPorts?: readonly number[];
  /**
   * IPv4 networks of test machines that may open connections to the preview's pods.
   * @default []
   */
  readonly testHarness?: readonly string[];
  /**
   * What the preview may reach in addition to the cluster's DNS and its own pods.
   * @default [] - nothing
   */
  readonly egress?: readonly EgressRule[];
  /**
   * Where the cluster's DNS is.
   * @default - pods labelled `k8s-app: kube-dns` of kube-system, port 53
   */
  readonly dns?: DnsProps;
  /**
   * Secrets of this namespace for pulling images: by name, or with a reference (`key#property`) to a Docker configuration
   * that External Secrets reads from the store.
   * @default []
   */
  readonly imagePullSecrets?: readonly ImagePullSecret[];
  /**
   * ClusterSecretStore of those references.
   * @default previews
   */
  readonly secretStore?: string;
  /**
   * IPv4 networks of nodes, pods, services and the API server. They are excluded from everything that `egress` allows.
   * @default - the private ranges 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12 and 192.168.0.0/16
   */
  readonly clusterCidrs?: readonly string[];
  /**
   * The reconciler, and the account that applies the app's objects.
   * @default - Argo CD, as `preview-reconciler` of the preview's namespace, with ClusterRole `preview-workloads`
   */
  readonly reconciler?: ReconcilerProps;
  /**
   * Objects of operators that run services for the preview, such as a database.
   * @default []
   */
  readonly services?: readonly OperatedService[];
  /**
   * Whether the reporter `greenroom watch` may read pods, workloads, events, routes and external secrets here.
   * @default false
   */
  readonly watched?: boolean;
  /**
   * Value of the label `app.kubernetes.io/part-of`, such as the repository.
   * @default - `name`
   */
  readonly partOf?: string;
  /**
   * Additional labels for every object.
   * @default {}
   */
  readonly labels?: StringMap;
  /**
   * Additional annotations for every object.
   * @default {}
   */
  readonly annotations?: StringMap;
}

/** Private networks of RFC 1918, and RFC 6598's 100.64.0.0/10, which some providers give to pods. */
export const PRIVATE_CIDRS: readonly string[] = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'];
