import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createChecker } from '../../lib/policies/checker.ts';
import { PARAMS } from '../policies/support.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { startKyverno } from './kyverno.ts';

// docs/usual-setup.md says what a role binding and three policies, as tutorials give them, let through. Each row of its
// table is tried here: against a real API server with a real Kyverno, and against greenroom's rules.

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
const read = (path: string) => readFileSync(join(docs, path), 'utf8');
const NAMESPACE = 'preview-shop-7';
const MAKER = 'dana';

type Json = Record<string, unknown>;
/** kubectl arguments of somebody who is in the cluster, or a manifest that somebody wants to have there. */
type Attempt = { readonly kubectl: readonly string[] } | { readonly manifest: Json };

const CONTAINER = {
  name: 'web',
  image: 'ghcr.io/acme/shop:pr-7',
  resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
};
const SPEC = {
  automountServiceAccountToken: false,
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
};

/** A Deployment that no rule refuses, but for what is changed in its pod. */
function app(container: Json, spec: Json = {}): Attempt {
  const pod = { ...SPEC, containers: [{ ...CONTAINER, ...container }], ...spec };
  const labels = { app: 'web' };
  return object('apps/v1', 'Deployment', {
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
  });
}

function object(apiVersion: string, kind: string, rest: Json): Attempt {
  return { manifest: { apiVersion, kind, metadata: { name: 'attempt', namespace: NAMESPACE }, ...rest } };
}

const shadow = { name: 'init', image: 'docker.io/library/miner:latest' };

/** By the first cell of a row. */
const ATTEMPTS: Readonly<Record<string, Attempt>> = {
  'An app that follows every rule': app({}),
  'An image without a tag': app({ image: 'ghcr.io/acme/shop' }),
  'An image of another registry': app({ image: 'docker.io/library/nginx:1.27' }),
  'No limits': app({ resources: {} }),
  'A limit of zero, which is none': app({ resources: { limits: { cpu: '0', memory: '0' } } }),
  'An image of another registry, in an init container': app({}, { initContainers: [{ ...CONTAINER, ...shadow }] }),
  'A privileged container': app({ securityContext: { privileged: true } }),
  'A folder of the node': app({}, { volumes: [{ name: 'root', hostPath: { path: '/' } }] }),
  'A pod that may run as root': app({}, { securityContext: {} }),
  'A Service with a public address': object('v1', 'Service', {
    spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports: [{ port: 80 }] },
  }),
  'A route for the host of another preview': object('networking.k8s.io/v1', 'Ingress', {
    spec: {
      defaultBackend: { service: { name: 'web', port: { number: 80 } } },
      rules: [{ host: 'pr-other-1.apps.example.com' }],
    },
  }),
  'A password in a ConfigMap': object('v1', 'ConfigMap', { data: { DATABASE_PASSWORD: 'correct-horse' } }),
  'A finalizer that nobody ever removes': {
    manifest: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'attempt', namespace: NAMESPACE, finalizers: ['example.com/never'] },
    },
  },
  'A network policy that opens everything': object('networking.k8s.io/v1', 'NetworkPolicy', {
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] },
  }),
  'To take the default deny away': { kubectl: ['delete', 'networkpolicy', 'default-deny', '--dry-run=server'] },
  'To read every Secret of the namespace': { kubectl: ['get', 'secrets'] },
  'A token of any account of the namespace': { kubectl: ['create', 'token', 'default'] },
  'To act as any account of the namespace': {
    kubectl: ['auth', 'whoami', `--as=system:serviceaccount:${NAMESPACE}:default`],
  },
  'A shell in any pod': { kubectl: ['auth', 'can-i', 'create', 'pods/exec', '--quiet'] },
  'A larger quota': {
    kubectl: ['patch', 'resourcequota', 'preview', '--patch={"spec":{"hard":{"limits.cpu":"400"}}}'],
  },
  'Rights for somebody else': {
    kubectl: ['create', 'rolebinding', 'more', '--clusterrole=edit', '--user=friend', '--dry-run=server'],
  },
};

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({
    controllerManager: true,
    users: [{ name: MAKER, groups: ['makers'] }],
    apiServerArgs: ['--allow-privileged=true'],
  });
  await startKyverno(cluster);
  await cluster.apply(read('examples/usual-setup/access.yaml'));
  await cluster.apply(read('examples/usual-setup/policies.yaml'));
  for (const row of ['An image without a tag', 'No limits', 'An image of another registry']) {
    await eventually(async () => (await usual(ATTEMPTS[row]!)).startsWith('refused'), {
      what: `Kyverno to refuse ${row}`,
    });
  }
  const impersonation = { what: 'the role edit to have its aggregated rights' };
  await eventually(
    async () => (await usual(ATTEMPTS['A token of any account of the namespace']!)) === 'allowed',
    impersonation,
  );
});
afterAll(() => cluster?.stop());

/** What becomes of an attempt in the usual set-up. */
async function usual(attempt: Attempt): Promise<string> {
  const { kubectl, stdin } =
    'kubectl' in attempt
      ? { kubectl: attempt.kubectl, stdin: '' }
      : { kubectl: ['create', '--dry-run=server', '--filename=-'], stdin: JSON.stringify(attempt.manifest) };
  const { code, stderr } = await cluster.as(MAKER).tryKubectl([...kubectl, `--namespace=${NAMESPACE}`], stdin);
  if (code === 0) return 'allowed';
  const policies = [...stderr.matchAll(/^(disallow-latest-tag|require-limits|restrict-registries):/gm)].map(
    ([, name]) => name,
  );
  if (policies.length > 0)
    return `refused: ${policies
      .sort()
      .map((name) => `\`${name}\``)
      .join(', ')}`;
  if (stderr.includes(`User "${MAKER}" cannot`)) return 'refused: RBAC';
  throw new Error(`an answer of another kind: ${stderr}`);
}

/** What greenroom says of it before commit; its makers have no account in the cluster. */
function ours(attempt: Attempt): string {
  if ('kubectl' in attempt) return 'no account';
  const rules = createChecker({ params: PARAMS })
    .check(attempt.manifest)
    .map(({ rule }) => rule);
  return rules.length === 0
    ? 'allowed'
    : `refused: ${[...new Set(rules)]
        .sort()
        .map((name) => `\`${name}\``)
        .join(', ')}`;
}

it('what docs/usual-setup.md says of each attempt is what happens', async () => {
  const said = [...read('usual-setup.md').matchAll(/^\| ([^|]+) \| ((?:allowed|refused)[^|]*) \| ([^|]+) \|$/gm)];
  const happens: string[][] = [];
  for (const [what, attempt] of Object.entries(ATTEMPTS)) happens.push([what, await usual(attempt), ours(attempt)]);
  expect(said.map(([, ...cells]) => cells.map((cell) => cell?.trim()))).toEqual(happens);
});
