import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Cluster, startCluster } from './cluster.ts';
import { crdFiles } from './crds.ts';
import { eventually } from './eventually.ts';
import { configuration, laidDown } from './generated/configurations.ts';

// biome-ignore lint/suspicious/noExplicitAny: manifests are read as plain data
type Json = any;

const { platform, platformText } = configuration({
  ingress: { kind: 'gateway', class: 'envoy', controllerNamespace: 'envoy' },
});
const installed: Json[] = [...laidDown({ platform, platformText })]
  .filter(([path]) => path.startsWith('bootstrap/install/clusters/main/') && path.endsWith('.yaml'))
  .map(([, text]) => parse(text));
const ofKind = (kind: string, name?: string): Json =>
  structuredClone(installed.find((o) => o.kind === kind && (name === undefined || o.metadata.name === name)));

let cluster: Cluster;

/** As a program that may do everything but what admission refuses. */
const attempt = (object: Json, verb = 'create') =>
  cluster.tryKubectl(
    [verb, '--as=system:serviceaccount:team:deployer', '--dry-run=server', '--filename=-'],
    JSON.stringify(object),
  );

const GATEWAY_API = 'gateway.networking.k8s.io/v1';
const make = (apiVersion: string, kind: string, namespace: string, spec: Json): Json => ({
  apiVersion,
  kind,
  metadata: { name: 'x', namespace },
  spec,
});
const listeners = (hostname?: string) => [
  { name: 'a', protocol: 'HTTP', port: 80 },
  { name: 'https', protocol: 'HTTP', port: 8080, ...(hostname && { hostname }) },
];
const gateway = (namespace: string, hostname?: string) =>
  make(GATEWAY_API, 'Gateway', namespace, { gatewayClassName: 'envoy', listeners: listeners(hostname) });
const listenerSet = (namespace: string, hostname: string) =>
  make(GATEWAY_API, 'ListenerSet', namespace, { parentRef: { name: 'previews' }, listeners: listeners(hostname) });
const route = (kind: string, namespace: string, hostname: string) =>
  make(GATEWAY_API, kind, namespace, {
    hostnames: ['x.example.org', hostname],
    rules: [{ backendRefs: [{ name: 'x', port: 80 }] }],
  });
const ingress = (namespace: string, host: string) =>
  make('networking.k8s.io/v1', 'Ingress', namespace, {
    rules: [{ host: 'x.example.org' }, { host }],
    defaultBackend: { service: { name: 'x', port: { number: 80 } } },
  });
const certificate = (namespace: string, spec: Json) =>
  make('cert-manager.io/v1', 'Certificate', namespace, { secretName: 'x', issuerRef: { name: 'x' }, ...spec });

const HOST = 'pr-shop-7.apps.example.com';

beforeAll(async () => {
  cluster = await startCluster();
  for (const source of ['cert-manager', 'gateway-api'] as const) {
    for (const file of await crdFiles(source)) await cluster.apply(readFileSync(file, 'utf8'));
  }
  const preview = (name: string) => ({ name, labels: { 'greenroom.dev/preview': name } });
  for (const metadata of [{ name: 'team' }, { name: 'envoy' }, preview('pr-shop-7'), preview('pr-shop-8')]) {
    await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata }));
  }
  await cluster.apply(
    JSON.stringify({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'team' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'deployer', namespace: 'team' }],
    }),
  );
  for (const kind of ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding']) {
    await cluster.apply(JSON.stringify(ofKind(kind, 'greenroom-domain')));
  }
  await eventually(async () => (await attempt(gateway('team', HOST))).stderr.includes('greenroom-domain'), {
    what: 'the guard',
  });
});
afterAll(() => cluster?.stop());

describe('addresses of previews', () => {
  it.each<[string, Json]>([
    ['a Gateway for all of them', gateway('team', '*.apps.example.com')],
    ['a Gateway for one of them', gateway('team', HOST)],
    ['a Gateway in a neighbour', gateway('pr-shop-8', HOST)],
    ['a ListenerSet for all of them', listenerSet('team', '*.apps.example.com')],
    ['a ListenerSet beside the Gateway', listenerSet('envoy', HOST)],
    ['an HTTPRoute', route('HTTPRoute', 'team', HOST)],
    ['a GRPCRoute', route('GRPCRoute', 'pr-shop-8', HOST)],
    ['a TLSRoute', route('TLSRoute', 'team', HOST)],
    ['an Ingress', ingress('team', HOST)],
    ['an Ingress for all of them', ingress('team', '*.apps.example.com')],
    ['a Certificate in capitals', certificate('team', { dnsNames: ['*.Apps.Example.com'] })],
    [
      'a Certificate by its subject alone',
      certificate('team', { dnsNames: ['x.example.org'], literalSubject: `O=Acme, CN=${HOST}` }),
    ],
  ])('no program has %s', async (_, object) => {
    const { code, stderr } = await attempt(object);
    expect([code, stderr]).toEqual([1, expect.stringContaining('have one certificate and one Gateway')]);
  });

  it.each<[string, () => Json]>([
    ['the Gateway that greenroom writes', () => ofKind('Gateway')],
    ['the Certificate that greenroom writes', () => ofKind('Certificate')],
    ['a Gateway for other addresses', () => gateway('team', 'grafana.apps.example.com')],
    ['a Gateway that names none', () => gateway('team')],
    ['an Ingress for other addresses', () => ingress('team', '*.example.org')],
    ['the Ingress of a preview', () => ingress('pr-shop-7', HOST)],
    ['the HTTPRoute of a preview', () => route('HTTPRoute', 'pr-shop-7', HOST)],
    ['a route inside a preview, which the rule own-host checks', () => ingress('pr-shop-8', HOST)],
    ['a Certificate for other addresses', () => certificate('team', { dnsNames: ['grafana.apps.example.com'] })],
  ])('are not asked after for %s', async (_, object) => {
    expect(await attempt(object())).toMatchObject({ code: 0 });
  });

  it('are for people to hand out', async () => {
    const create = ['create', '--dry-run=server', '--filename=-'];
    expect(await cluster.tryKubectl(create, JSON.stringify(gateway('team', HOST)))).toMatchObject({ code: 0 });
  });

  it('are let in from previews only, by HTTPS, at the Gateway as a real API server keeps it', async () => {
    await cluster.apply(JSON.stringify(ofKind('Gateway')));
    const live = JSON.parse(
      await cluster.kubectl(['get', 'gateway', 'previews', '--namespace=envoy', '--output=json']),
    );
    expect(live.spec.listeners).toEqual([
      expect.objectContaining({
        protocol: 'HTTPS',
        hostname: '*.apps.example.com',
        allowedRoutes: {
          namespaces: {
            from: 'Selector',
            selector: { matchExpressions: [{ key: 'greenroom.dev/preview', operator: 'Exists' }] },
          },
        },
      }),
    ]);
  });
});
