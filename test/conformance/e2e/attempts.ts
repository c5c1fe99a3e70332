/** Something that a manifest tries and that must not come to pass. `NAME` stands for the preview. */
export interface Attempt {
  /** Completes "a manifest that ...". */
  readonly what: string;
  /** The folder it gets into: a maker's own manifests end up in `app`; `fence` takes someone who writes past greenroom. */
  readonly part: 'app' | 'fence';
  readonly text: string;
  /** The rule that refuses it, at admission as before commit. @default - other things stand in its way first */
  readonly rule?: string;
}

const quota = `apiVersion: v1
kind: ResourceQuota
metadata: { name: preview, namespace: NAME }
spec: { hard: { pods: "1000" } }
`;

const binding = `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: intruder, namespace: NAME }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin }
subjects: [{ kind: ServiceAccount, name: preview-reconciler, namespace: NAME }]
`;

const configMap = (namespace: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: intruder, namespace: ${namespace} }\n`;

/** A Deployment that keeps all rules but what is put in. */
const deployment = ({ pod = '', image = 'ghcr.io/acme/shop:pr-1-abcdefa' }) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: intruder, namespace: NAME }
spec:
  selector: { matchLabels: { app: intruder } }
  template:
    metadata: { labels: { app: intruder } }
    spec:
      ${pod}
      automountServiceAccountToken: false
      securityContext: { runAsNonRoot: true, seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: intruder
          image: ${image}
          resources: { requests: { cpu: 100m, memory: 64Mi }, limits: { cpu: 200m, memory: 128Mi } }
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
`;

export const ATTEMPTS: readonly Attempt[] = [
  { what: 'changes its quota', part: 'app', text: quota },
  {
    what: 'hides a quota in a list',
    part: 'app',
    text: `apiVersion: v1\nkind: List\nitems:\n- ${quota.trim().replaceAll('\n', '\n  ')}\n`,
  },
  { what: 'binds itself to a role', part: 'app', text: binding },
  { what: 'writes to a neighbour', part: 'app', text: configMap('pr-shop-8') },
  { what: 'writes to the system', part: 'app', text: configMap('kube-system') },
  {
    what: 'makes an object of the cluster',
    part: 'app',
    text: 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: intruder }\nrules: []\n',
  },
  {
    what: 'runs a privileged container',
    part: 'app',
    text: `apiVersion: v1
kind: Pod
metadata: { name: intruder, namespace: NAME }
spec:
  containers: [{ name: intruder, image: ghcr.io/acme/shop, securityContext: { privileged: true } }]
`,
  },
  {
    what: 'opens a port on every node',
    part: 'app',
    text: `apiVersion: v1
kind: Service
metadata: { name: intruder, namespace: NAME }
spec: { type: NodePort, ports: [{ port: 80 }] }
`,
    rule: 'no-node-port',
  },
  {
    what: 'looks at the processes of its node',
    part: 'app',
    text: deployment({ pod: 'hostPID: true' }),
    rule: 'no-host-namespaces',
  },
  {
    what: 'runs an image from elsewhere',
    part: 'app',
    text: deployment({ image: 'ghcr.io/acme-evil/shop:1' }),
    rule: 'allowed-registries',
  },
  {
    what: 'answers at a neighbour’s address',
    part: 'app',
    text: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: intruder, namespace: NAME }
spec:
  ingressClassName: nginx
  rules:
    - host: pr-shop-8.apps.example.com
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: NAME, port: { number: 80 } } } }] }
`,
    rule: 'own-host',
  },
  { what: 'makes a fence of its own that binds to cluster-admin', part: 'fence', text: binding },
  {
    what: 'makes a fence that adopts a namespace of the system',
    part: 'fence',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata: { name: kube-public, labels: { greenroom.dev/preview: kube-public } }\n',
  },
  {
    what: 'makes a fence that adopts a neighbour’s namespace',
    part: 'fence',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata: { name: pr-shop-8, labels: { stolen: "true" } }\n',
  },
];
