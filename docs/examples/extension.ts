import { ApiObject } from 'cdk8s';
import type { PreviewExtension } from '../../lib/index.ts';

/** Every preview gets a log shipper, a label for the bill, and a dashboard of its own. */
const acme: PreviewExtension = ({ app, namespace, preview, context }) => {
  preview.addContainer({
    name: 'log-shipper',
    image: 'ghcr.io/acme/log-shipper:2.1',
    resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '100m', memory: '64Mi' } },
  });
  namespace.addLabel('acme.example/cost-centre', 'previews');
  preview.addLabel('acme.example/cost-centre', 'previews');
  new ApiObject(app, 'dashboard', {
    apiVersion: 'acme.example/v1',
    kind: 'Dashboard',
    metadata: { name: context.name, namespace: context.name },
    spec: { url: `https://${context.host}`, repository: context.repository },
  });
};

export default acme;
