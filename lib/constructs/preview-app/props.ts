import type { Template } from '../../model/preview.ts';
import type { StringMap } from '../metadata.ts';

/** cpu and memory as Kubernetes quantities, e.g. `{ cpu: '250m', memory: '256Mi' }`. */
export interface Resources {
  /** Cores: `500m`, `1`. */
  readonly cpu: string;
  /** Bytes: `128Mi`, `1Gi`. */
  readonly memory: string;
}

/** Where the values of `secrets` come from. */
export interface SecretStoreProps {
  /**
   * `external-secrets`: the construct adds an ExternalSecret that reads the references from a ClusterSecretStore.
   * `sealed-secrets` and `sops`: the construct only refers to a Secret named `preview-secrets`, whose key is the last
   * part of the reference; whoever encrypts the values commits them.
   */
  readonly mechanism: 'external-secrets' | 'sealed-secrets' | 'sops';
  /**
   * ClusterSecretStore that the references are looked up in.
   * @default previews
   */
  readonly store?: string;
}

/** How requests reach the preview. */
export interface RouteProps {
  /** An Ingress, or a Gateway API HTTPRoute. */
  readonly kind: 'ingress' | 'gateway';
  /**
   * `ingressClassName` of the Ingress.
   * @default nginx
   */
  readonly class?: string;
  /**
   * The Gateway that the HTTPRoute attaches to. Needed for kind `gateway`.
   * @default - none
   */
  readonly gateway?: { readonly name: string; readonly namespace: string };
}

/** Nodes that may be taken away at any time, and cost less. */
export interface SpotProps {
  /** Label of such nodes. */
  readonly label: { readonly key: string; readonly value: string };
  /**
   * Taint of such nodes that the pods tolerate. Without a value, any value of the key is tolerated.
   * @default - no toleration
   */
  readonly toleration?: {
    readonly key: string;
    readonly value?: string | undefined;
    readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  };
  /**
   * `true`: only such nodes. `false`: such nodes where there are any.
   * @default false
   */
  readonly required?: boolean;
}

/** Props of `PreviewApp`. */
export interface PreviewAppProps {
  /** Name of the workload, its Service and its route. A DNS label that starts with a letter. */
  readonly name: string;
  /** The preview's namespace; the value of the `greenroom.dev/preview` label. */
  readonly namespace: string;
  /** What kind of app it is. `function` becomes a Knative Service if `knative` is set, else a Deployment like the rest. */
  readonly template: Template;
  /** Image reference with tag or digest; the image must run as a numeric user other than 0. */
  readonly image: string;
  /** Port that the app listens on, 1024 to 65535; also given to it as the environment variable `PORT`. */
  readonly port: number;
  /** Host of the route, such as `pr-shop-7.apps.example.com`. */
  readonly host: string;
  /** cpu and memory of the app's container. */
  readonly size: { readonly requests: Resources; readonly limits: Resources };
  /** How requests reach the preview. */
  readonly ingress: RouteProps;
  /**
   * Path that answers with status 200 once the app is ready.
   * @default /
   */
  readonly health?: string;
  /**
   * Environment variables.
   * @default {}
   */
  readonly env?: StringMap;
  /**
   * Environment variable to reference in the secret store. Needs `secretStore`.
   * @default {}
   */
  readonly secrets?: StringMap;
  /**
   * Where the values of `secrets` come from.
   * @default - none
   */
  readonly secretStore?: SecretStoreProps;
  /**
   * Whether a `function` becomes a Knative Service, which runs nothing while nobody asks.
   * @default false
   */
  readonly knative?: boolean;
  /**
   * Pods at a time; for a Knative Service the most there can be.
   * @default 1
   */
  readonly replicas?: number;
  /**
   * Size of the writable `/tmp`, the only place that the app can write to, as a quantity.
   * @default 256Mi
   */
  readonly tmpSize?: string;
  /**
   * Node disk that the container may use for `/tmp` and its logs, as a quantity. Beyond it the pod is evicted.
   * @default 1Gi
   */
  readonly ephemeralStorage?: string;
  /**
   * Spot or preemptible nodes.
   * @default - any node
   */
  readonly spot?: SpotProps;
  /**
   * ServiceAccount of the pods; its token is never mounted.
   * @default preview-app
   */
  readonly serviceAccount?: string;
  /**
   * Value of the label `app.kubernetes.io/name`: what the app is called, whichever preview it runs in.
   * @default - `name`
   */
  readonly app?: string;
  /**
   * Value of the label `app.kubernetes.io/part-of`: what the preview shows, such as its repository.
   * @default - `namespace`
   */
  readonly partOf?: string;
  /**
   * Labels for every object and for the pods, beside those that the construct sets.
   * @default {}
   */
  readonly labels?: StringMap;
  /**
   * Annotations for every object and for the pods, beside those that the construct sets.
   * @default {}
   */
  readonly annotations?: StringMap;
}
