import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { WATCH_ACCOUNT, WATCH_SECRET } from '../../model/labels.ts';
import { UNPRIVILEGED } from './unprivileged.ts';

/** Props of {@link Watch}. */
export interface WatchProps {
  /** Name of the cluster in greenroom.yaml. */
  readonly cluster: string;
  /** Image of greenroom, whose entry point is the command. */
  readonly image: string;
  /** Address of `/status` of `serve`. */
  readonly url: string;
  /** Whether it tells the last lines of apps that end. @default false */
  readonly logs?: boolean;
}

const LABELS = { 'app.kubernetes.io/name': WATCH_ACCOUNT };

/**
 * Runs `greenroom watch` in a cluster, with the same restrictions as previews: no root, nothing writable, no capabilities.
 * It needs a token to ask the API server. One replica is enough: after a restart it reports everything once.
 */
export class Watch extends Construct {
  constructor(scope: Construct, id: string, props: WatchProps) {
    super(scope, id);
    const metadata = { name: WATCH_ACCOUNT, namespace: WATCH_ACCOUNT };
    new ApiObject(this, 'deployment', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: LABELS },
        template: { metadata: { labels: LABELS }, spec: podSpec(props) },
      },
    });
    new ApiObject(this, 'network', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec: {
        podSelector: { matchLabels: LABELS },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [],
        egress: [{ ports: ports(props.url) }],
      },
    });
  }
}

/** DNS, the API server and `serve`. Ports only: a NetworkPolicy cannot name the address of the API server. */
function ports(url: string): readonly object[] {
  const { port, protocol } = new URL(url);
  const own = Number(port || (protocol === 'http:' ? 80 : 443));
  return [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
    ...[...new Set([443, 6443, own])].map((each) => ({ protocol: 'TCP', port: each })),
  ];
}

function podSpec({ cluster, image, url, logs = false }: WatchProps): Record<string, unknown> {
  return {
    serviceAccountName: WATCH_ACCOUNT,
    automountServiceAccountToken: true,
    securityContext: UNPRIVILEGED.pod,
    containers: [
      {
        name: 'watch',
        image,
        args: ['watch', `--cluster=${cluster}`, `--to=${url}`, ...(logs ? ['--logs'] : [])],
        env: [{ name: 'GREENROOM_STATUS_SECRET', valueFrom: { secretKeyRef: { name: WATCH_SECRET, key: 'secret' } } }],
        // 382 MiB with 200 previews: mostly its connections to the API server (test/conformance/watch-many.test.ts).
        resources: { requests: { cpu: '50m', memory: '256Mi' }, limits: { cpu: '500m', memory: '768Mi' } },
        securityContext: UNPRIVILEGED.container,
      },
    ],
  };
}
