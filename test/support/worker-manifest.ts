/** What is put into it, in YAML: below `metadata`, below the pod's spec, below the container. */
export interface WorkerParts {
  /** As further members of a flow map: `, labels: { a: b }`. */
  readonly metadata?: string;
  readonly pod?: string;
  readonly container?: string;
}

/** A maker's own Deployment that keeps all rules but for what is put in. */
export function workerManifest({ metadata = '', pod = '', container = '' }: WorkerParts = {}): string {
  const lines = (text: string, indent: number) => (text === '' ? '' : text.replace(/^/gm, ' '.repeat(indent)));
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: worker${metadata} }
spec:
  selector: { matchLabels: { app: worker } }
  template:
    metadata: { labels: { app: worker } }
    spec:
      automountServiceAccountToken: false
      securityContext: { runAsNonRoot: true, seccompProfile: { type: RuntimeDefault } }
${lines(pod, 6)}
      containers:
        - name: worker
          image: ghcr.io/acme/worker:1
          resources: { requests: { cpu: 100m, memory: 64Mi }, limits: { cpu: 200m, memory: 64Mi } }
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
${lines(container, 10)}
`;
}
