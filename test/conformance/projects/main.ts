import { App, Chart, type ChartProps } from 'cdk8s';
import type { Construct } from 'constructs';
import { PreviewApp, PreviewNamespace } from 'greenroom';

export class MyChart extends Chart {
  constructor(scope: Construct, id: string, props: ChartProps = {}) {
    super(scope, id, props);

    new PreviewNamespace(this, 'fence', {
      name: 'pr-shop-7',
      repository: 'acme/shop',
      repositoryId: 4711,
      number: 7,
      expires: 1_794_000_000,
      quota: { 'limits.cpu': '4', 'limits.memory': '4Gi', pods: '10' },
      limitRange: { default: { cpu: '500m', memory: '256Mi' }, defaultRequest: { cpu: '100m', memory: '128Mi' } },
      ingress: { controllerNamespace: 'ingress-nginx' },
    });
    const preview = new PreviewApp(this, 'app', {
      name: 'pr-shop-7',
      namespace: 'pr-shop-7',
      template: 'web-service',
      image: 'ghcr.io/acme/shop:pr-7-a1b2c3d',
      port: 8080,
      host: 'pr-shop-7.apps.example.com',
      size: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
      ingress: { kind: 'ingress' },
    });
    // A type of cdk8s-plus-28 as callers meet it.
    preview.addContainer({ name: 'log', image: 'ghcr.io/acme/log@sha256:a', ports: [{ containerPort: 9000 }] });
  }
}

const app = new App();
new MyChart(app, 'preview');
app.synth();
