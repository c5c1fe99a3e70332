import { type ApiObject, App, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import type { PreviewAppProps, PreviewNamespaceProps } from '../../lib/constructs/index.ts';

/** A manifest as the tests look into it. */
// biome-ignore lint/suspicious/noExplicitAny: manifests are open data, and tests read deep into them
export type Manifest = any;

/** The manifests that `build` adds to a chart, by `Kind/name`. */
export function synth(build: (scope: Construct) => void): Map<string, Manifest> {
  const chart = new Chart(new App(), 'test');
  build(chart);
  const manifests: Manifest[] = chart.toJson();
  return new Map(manifests.map((manifest) => [`${manifest.kind}/${manifest.metadata.name}`, manifest]));
}

export function names(objects: readonly ApiObject[]): string[] {
  return objects.map((object) => `${object.kind}/${object.name}`);
}

export const NAMESPACE_PROPS: PreviewNamespaceProps = {
  name: 'pr-shop-7',
  repository: 'acme/shop',
  repositoryId: 4711,
  number: 7,
  expires: 1_794_000_000,
  quota: { 'requests.cpu': '2', 'requests.memory': '2Gi', 'limits.cpu': '4', 'limits.memory': '4Gi', pods: '10' },
  limitRange: {
    default: { cpu: '500m', memory: '256Mi' },
    defaultRequest: { cpu: '100m', memory: '128Mi' },
    max: { cpu: '2', memory: '2Gi' },
  },
  ingress: { controllerNamespace: 'ingress-nginx' },
};

export const APP_PROPS: PreviewAppProps = {
  name: 'pr-shop-7',
  namespace: 'pr-shop-7',
  template: 'web-service',
  image: 'ghcr.io/acme/shop:pr-7-a1b2c3d',
  port: 8080,
  host: 'pr-shop-7.apps.example.com',
  size: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
  ingress: { kind: 'ingress' },
};
