import type { TemplateName } from '../../model/templates/index.ts';
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
   * The Gateway that the HTTPRoute attaches to, and its listener for HTTPS. Needed for kind `gateway`.
   * @default - none; all listeners
   */
  readonly gateway?: { readonly name: string; readonly namespace: string; readonly listener?: string };
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
  readonly template: TemplateName;
  /** Image reference with tag or digest; the image must run as a numeric user other than 0. */
  readonly image: string;
  /**
   * Port that the app listens on, 1024 to 65535; also given to it as the environment variable `PORT`.
   * @default - the template's; none for a template that listens on none
   */
  readonly port?: number;
  /** Host of the route, such as `pr-shop-7.apps.example.com`. Not used by a template without a route. */
  readonly host: string;
  /** cpu and memory of the app's container. */
  readonly size: { readonly requests: Resources; readonly limits: Resources };
  /** How requests reach the preview. */
  readonly ingress: RouteProps;
  /**
   * Part of the host that leads to the app; null for an app that only its neighbours reach. Not for a template without a
   * route.
   * @default /
   */
  readonly path?: string | null;
  /**
   * When the app is ready: a path that answers with status 200, with the Host header that it is asked with, or
   * `{ tcp: true }` for a port that takes connections. An app whose path stops answering is restarted. Not for a template
   * that listens on no port.
   * @default - ready once / answers, never restarted
   */
  readonly health?: string | { readonly path: string; readonly host?: string } | { readonly tcp: true };
  /**
   * What runs, word by word.
   * @default - the image's entrypoint
   */
  readonly command?: readonly string[];
  /**
   * Arguments, word by word.
   * @default - the image's own
   */
  readonly args?: readonly string[];
  /**
   * Number of the user that the containers run as, 1 or more.
   * @default - the image's own, which must be a number other than 0
   */
  readonly user?: number;
  /**
   * Folders beside /tmp that the app may write to, by absolute path. They begin empty.
   * @default []
   */
  readonly writable?: readonly string[];
  /**
   * Runs to its end before each start, word by word, with the app's image and environment. Not with `knative`.
   * @default - nothing
   */
  readonly release?: readonly string[];
  /**
   * Environment variables.
   * @default {}
   */
  readonly env?: StringMap;
  /**
   * Environment variable to reference in the secret store, with `#property` for one part of it. Needs `secretStore`.
   * @default {}
   */
  readonly secrets?: StringMap;
  /**
   * Where the values of `secrets` come from.
   * @default - none
   */
  readonly secretStore?: SecretStoreProps;
  /**
   * Values of the fields that only this template has.
   * @default {}
   */
  readonly templateFields?: Readonly<Record<string, unknown>>;
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
   * Size of the writable `/tmp`, and of each place under `writable`, as a quantity.
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
   * PriorityClass of the pods.
   * @default - the cluster's default
   */
  readonly priorityClass?: string;
  /**
   * Annotations of the route alone, such as those of an authentication gate.
   * @default {}
   */
  readonly routeAnnotations?: StringMap;
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
