import type { TemplateName } from '../../model/templates/index.ts';
import type { StringMap } from '../metadata.ts';

/** cpu and memory as Kubernetes quantities, e.g. `{ cpu: '250m', memory: '256Mi' }`. */
export interface Resources {
  /** Cores: `500m`, `1`. */
  readonly cpu: string;
  /** Bytes: `128Mi`, `1Gi`. */
  readonly memory: string;
}

/** A key of a Secret in the preview's namespace. */
export interface SecretKey {
  readonly secret: string;
  readonly key: string;
}

/** Where the values of `secrets` come from. */
export interface SecretStoreProps {
  /**
   * `external-secrets`: the construct adds an ExternalSecret that reads the references from a ClusterSecretStore.
   * `sealed-secrets` and `sops`: the construct only refers to a Secret named `preview-secrets`, whose key is the last
   * part of the reference; the encrypted values are committed separately.
   */
  readonly mechanism: 'external-secrets' | 'sealed-secrets' | 'sops';
  /**
   * ClusterSecretStore with the references.
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

/** Nodes that are cheaper, but may be removed at any time. */
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
   * `true`: only such nodes. `false`: such nodes if available.
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
  /** The kind of app. `function` becomes a Knative Service if `knative` is set, else a Deployment like the others. */
  readonly template: TemplateName;
  /** Image reference with tag or digest; the image must run as a numeric user other than 0. */
  readonly image: string;
  /**
   * Port that the app listens on, 1024 to 65535; the app gets it as the environment variable `PORT`, too.
   * @default - the template's; none for a template without a port
   */
  readonly port?: number;
  /** Host of the route, such as `pr-shop-7.apps.example.com`. Not used by a template without a route. */
  readonly host: string;
  /** cpu and memory of the app's container. */
  readonly size: { readonly requests: Resources; readonly limits: Resources };
  /** How requests reach the preview. */
  readonly ingress: RouteProps;
  /**
   * URL path of the app; null for an app that only other apps of the preview can reach. Not for a template without a
   * route.
   * @default /
   */
  readonly path?: string | null;
  /**
   * When the app is ready: a path that answers with status 200, optionally with the Host header to send, or
   * `{ tcp: true }` for a port that accepts connections. An app whose path stops answering is restarted. Not for a template
   * without a port.
   * @default - ready once / answers, never restarted
   */
  readonly health?: string | { readonly path: string; readonly host?: string } | { readonly tcp: true };
  /**
   * The command, word by word.
   * @default - the image's entrypoint
   */
  readonly command?: readonly string[];
  /**
   * Arguments, word by word.
   * @default - the image's own
   */
  readonly args?: readonly string[];
  /**
   * User id of the containers, 1 or more.
   * @default - the image's own, which must be a number other than 0
   */
  readonly user?: number;
  /**
   * Absolute paths of further folders, besides /tmp, that the app may write to. They are empty at the start.
   * @default []
   */
  readonly writable?: readonly string[];
  /**
   * A command, word by word, that must finish before each start, with the app's image and environment. Not with `knative`.
   * @default - nothing
   */
  readonly release?: readonly string[];
  /**
   * Environment variables.
   * @default {}
   */
  readonly env?: StringMap;
  /**
   * References to the secret store by environment variable, with `#property` for a part of a secret. Needs `secretStore`.
   * @default {}
   */
  readonly secrets?: StringMap;
  /**
   * Variables whose values are keys of Secrets that something else writes into the namespace, such as an operator. A
   * variable of `env` or `secrets` with the same name wins.
   * @default {}
   */
  readonly secretKeys?: Readonly<Record<string, SecretKey>>;
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
   * Whether a `function` becomes a Knative Service, which runs no pods without requests.
   * @default false
   */
  readonly knative?: boolean;
  /**
   * Number of pods; for a Knative Service the maximum.
   * @default 1
   */
  readonly replicas?: number;
  /**
   * Size of the writable `/tmp`, and of each folder in `writable`, as a quantity.
   * @default 256Mi
   */
  readonly tmpSize?: string;
  /**
   * Disk of the node that the container may use for `/tmp` and its logs, as a quantity. If it uses more, the pod is evicted.
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
   * Annotations of the route only, such as those for authentication.
   * @default {}
   */
  readonly routeAnnotations?: StringMap;
  /**
   * ServiceAccount of the pods; its token is never mounted.
   * @default preview-app
   */
  readonly serviceAccount?: string;
  /**
   * Value of the label `app.kubernetes.io/name`: the name of the app, the same in all its previews.
   * @default - `name`
   */
  readonly app?: string;
  /**
   * Value of the label `app.kubernetes.io/part-of`, such as the repository.
   * @default - `namespace`
   */
  readonly partOf?: string;
  /**
   * Additional labels for every object and for the pods.
   * @default {}
   */
  readonly labels?: StringMap;
  /**
   * Additional annotations for every object and for the pods.
   * @default {}
   */
  readonly annotations?: StringMap;
}
