import { App, Chart } from 'cdk8s';
import type { KubeObject } from '../../model/kube-object.ts';
import { PREVIEW_PREFIX } from '../../model/labels.ts';
import { serviceClasses } from '../../model/platform/service-class.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { operatedService, platformFence } from './platform-fence.ts';
import { PreviewNamespace } from './preview-namespace.ts';

/**
 * An example of a fence: what all fences of a platform have in common, with a dummy name, number and end, and an object of
 * each class of services. Its ingress policy opens all ports; that of a real preview opens only the ports of its apps.
 */
export function sampleFence(platform: PlatformSpec, name = `${PREVIEW_PREFIX}sample-1`): readonly KubeObject[] {
  const chart = new Chart(new App(), 'sample', { disableResourceNameHashes: true });
  const { apiObjects } = new PreviewNamespace(chart, 'fence', {
    ...platformFence(platform),
    services: serviceClasses(platform.services).map(([type, chosen]) =>
      operatedService(platform, type, chosen, `${name}-${type}`),
    ),
    name,
    repository: 'owner/sample',
    repositoryId: 1,
    number: 1,
    expires: 1,
  });
  return apiObjects.map((object) => object.toJson() as KubeObject);
}
