import { ApiObject, App, Chart } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { PreviewApp, PreviewNamespace, type PreviewNamespaceProps } from '../../lib/constructs/index.ts';
import { limitRangeProblems } from '../../lib/constructs/preview-namespace/limit-range.ts';
import { platformSchema } from '../../lib/model/platform.ts';
import { TEMPLATES, type TemplateName } from '../../lib/model/templates/index.ts';
import { requiredFields } from '../../lib/model/templates/required.ts';
import fc from '../support/property.ts';
import { APP_PROPS, NAMESPACE_PROPS } from './support.ts';

const LIMIT_RANGE = { default: { cpu: '500m', memory: '256Mi' }, defaultRequest: { cpu: '100m', memory: '128Mi' } };
const container = (cpu: string, more: object = {}) => ({ resources: { limits: { cpu } }, ...more });
const pod = (containers: object[], initContainers: object[] = []) => ({ containers, initContainers });
const workload = (kind: string, spec: object) => ({ kind, spec });
const templated = (kind: string, containers: object[], more: object = {}) =>
  workload(kind, { template: { spec: pod(containers) }, ...more });

/** Fields of the quota that the manifests do not fit into. */
function exceeded(quota: Record<string, string>, ...manifests: object[]): (string | undefined)[] {
  const props: PreviewNamespaceProps = { ...NAMESPACE_PROPS, quota, limitRange: LIMIT_RANGE };
  const namespace = new PreviewNamespace(new Chart(new App(), 'test'), 'fence', props);
  return namespace.quotaProblems(manifests).map((problem) => problem.field);
}

/** Whether the manifests need exactly `amount`: it is enough, and anything less is not. */
function needs(resource: string, amount: string, less: string, ...manifests: object[]): void {
  expect(exceeded({ [resource]: amount }, ...manifests)).toEqual([]);
  expect(exceeded({ [resource]: less }, ...manifests)).toEqual([`quota[${resource}]`]);
}

describe('what fits into a preview namespace', () => {
  it('counts the pods that a rolling update adds', () => {
    needs('pods', '2', '1', templated('Deployment', [container('1')]));
    needs('pods', '5', '4', templated('Deployment', [container('1')], { replicas: 4 }));
    const half = { replicas: 4, strategy: { rollingUpdate: { maxSurge: '50%' } } };
    needs('pods', '6', '5', templated('Deployment', [container('1')], half));
    const one = { replicas: 4, strategy: { rollingUpdate: { maxSurge: 3 } } };
    needs('pods', '7', '6', templated('Deployment', [container('1')], one));
    needs('pods', '4', '3', templated('Deployment', [], { replicas: 4, strategy: { type: 'Recreate' } }));
  });

  it('counts each kind of workload', () => {
    needs('limits.cpu', '1', '999m', workload('Pod', pod([container('1')])));
    needs('limits.cpu', '3', '2', templated('StatefulSet', [container('1')], { replicas: 3 }));
    needs('limits.cpu', '2', '1', templated('ReplicaSet', [container('1')], { replicas: 2 }));
    needs('limits.cpu', '4', '3', templated('Job', [container('2')], { parallelism: 2 }));
    const cron = workload('CronJob', { jobTemplate: { spec: { template: { spec: pod([container('1')]) } } } });
    needs('limits.cpu', '1', '500m', cron);
    needs('limits.cpu', '1', '500m', templated('DaemonSet', [container('1')]));
    needs('limits.cpu', '2', '1', workload('Pod', pod([container('1')])), workload('Pod', pod([container('1')])));
    expect(exceeded({ 'limits.cpu': '0' }, templated('Widget', [container('1')]))).toEqual([]);
  });

  it("counts Knative's proxy, and the next revision beside the last one", () => {
    const knative = { apiVersion: 'serving.knative.dev/v1', ...templated('Service', [container('1')]) };
    needs('limits.cpu', '3', '2999m', knative);
    expect(exceeded({ pods: '0' }, { apiVersion: 'v1', ...templated('Service', []) })).toEqual([]);
  });

  it('fills in what the API server and the limit range would', () => {
    needs('limits.memory', '256Mi', '255Mi', workload('Pod', pod([{}])));
    needs('requests.memory', '128Mi', '127Mi', workload('Pod', pod([{}])));
    // A limit without a request is the request.
    needs('requests.cpu', '2', '1', workload('Pod', pod([container('2')])));
    needs('cpu', '100m', '99m', workload('Pod', pod([{}])));
  });

  it.each([
    ['cpu', '1e3', '1000', '999'],
    ['cpu', '1500000000n', '1500m', '1499m'],
    ['cpu', '1500000u', '1500m', '1499m'],
    ['memory', '1P', '1000T', '999T'],
    ['memory', '1Pi', '1024Ti', '1023Ti'],
  ])('counts a limit of %s: %s', (resource, limit, enough, less) => {
    needs(`limits.${resource}`, enough, less, workload('Pod', pod([{ resources: { limits: { [resource]: limit } } }])));
  });

  it.each(['1E', '1Ei', '1e99', '1e9999'])('does not let %s slip through', (memory) => {
    const greedy = workload('Pod', pod([{ resources: { limits: { memory } } }]));
    expect(exceeded({ 'limits.memory': '1Ti' }, greedy, greedy)).toEqual(['quota[limits.memory]']);
  });

  it('takes no credit for a negative limit', () => {
    const pods = ['2', '-1'].map((cpu) => workload('Pod', pod([container(cpu)])));
    expect(exceeded({ 'limits.cpu': '1' }, ...pods)).toEqual(['quota[limits.cpu]']);
  });

  it('takes the larger of initialisation and running, sidecars included', () => {
    needs('limits.cpu', '3', '2', workload('Pod', pod([container('1'), container('1')], [container('3')])));
    needs('limits.cpu', '2', '1', workload('Pod', pod([container('1'), container('1')], [container('1')])));
    const sidecar = container('1', { restartPolicy: 'Always' });
    needs('limits.cpu', '3', '2', workload('Pod', pod([container('2')], [sidecar, container('1')])));
    needs('limits.cpu', '4', '3', workload('Pod', pod([container('1')], [sidecar, container('3')])));
    needs('limits.cpu', '3', '2', workload('Pod', pod([container('1')], [container('3'), sidecar])));
  });

  it('counts objects, and what controllers make of them', () => {
    needs('services', '2', '1', { kind: 'Service' }, { kind: 'Service' });
    needs('secrets', '2', '1', { kind: 'ExternalSecret' }, { kind: 'SealedSecret' });
    needs('configmaps', '2', '1', { kind: 'ConfigMap' });
    needs('persistentvolumeclaims', '1', '0', { kind: 'PersistentVolumeClaim' });
  });

  it('counts disks, and what they hold: by themselves, of each pod of a StatefulSet, and of each pod that brings one', () => {
    const claim = { resources: { requests: { storage: '2Gi' } } };
    const template = { metadata: { name: 'data' }, spec: claim };
    const set = { kind: 'StatefulSet', apiVersion: 'apps/v1', metadata: { name: 'db' } };
    const stateful = { ...set, spec: { replicas: 3, volumeClaimTemplates: [template], template: { spec: {} } } };
    const volumes = [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: claim } } }, { name: 'tmp' }];
    const deployment = { kind: 'Deployment', spec: { replicas: 2, template: { spec: { volumes } } } };
    const scaler = {
      kind: 'HorizontalPodAutoscaler',
      spec: { maxReplicas: 5, scaleTargetRef: { kind: 'StatefulSet', name: 'db' } },
    };
    const own = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', spec: claim };
    needs('requests.storage', '2Gi', '1Gi', own);
    needs('requests.storage', '6Gi', '5Gi', stateful);
    needs('persistentvolumeclaims', '3', '2', stateful);
    needs('count/persistentvolumeclaims', '4', '3', stateful, own);
    // An update starts a third pod before one of the two ends.
    needs('persistentvolumeclaims', '3', '2', deployment);
    needs('requests.storage', '6Gi', '5Gi', deployment);
    needs('requests.storage', '10Gi', '9Gi', stateful, scaler);
  });

  it('says what is needed and what there is', () => {
    const props = { ...NAMESPACE_PROPS, quota: { ...NAMESPACE_PROPS.quota, 'limits.memory': '1Gi' } };
    const namespace = new PreviewNamespace(new Chart(new App(), 'test'), 'fence', props);
    const big = templated('Deployment', [{ resources: { limits: { memory: '768Mi' } } }]);
    expect(namespace.quotaProblems([big])[0]?.message).toBe(
      'needs 1536Mi of limits.memory at its peak, updates included; a preview has 1Gi',
    );
  });

  it('takes no text from an object, whose toString may be a maker’s', () => {
    const hostile = { toString: [] };
    const spec = { replicas: hostile, template: { spec: { containers: [{ name: hostile, resources: hostile }] } } };
    expect(exceeded({ pods: '0' }, { kind: 'Deployment', apiVersion: hostile, spec })).toEqual(['quota[pods]']);
  });

  it('never fails on manifests of any shape', () => {
    const kinds = fc.constantFrom('Pod', 'Deployment', 'StatefulSet', 'Job', 'CronJob', 'Service', 'DaemonSet');
    const manifest = fc.record({ kind: kinds, apiVersion: fc.anything(), spec: fc.anything() });
    const template = fc.record({
      kind: kinds,
      spec: fc.record({
        replicas: fc.anything(),
        strategy: fc.anything(),
        template: fc.record({
          spec: fc.record({ containers: fc.anything(), initContainers: fc.array(fc.anything()) }),
        }),
      }),
    });
    const bounds = {
      spec: { limits: ['Container', 'Pod'].map((type) => ({ type, max: { cpu: '1' }, min: { cpu: '1m' } })) },
    };
    fc.assert(
      fc.property(fc.array(fc.oneof(manifest, template)), (manifests) => {
        exceeded({ pods: '1', 'limits.cpu': '1' }, ...manifests);
        for (const manifest of manifests) limitRangeProblems([bounds], manifest);
      }),
    );
  });

  it("lets every size and template of the platform's defaults in", () => {
    const { spec } = platformSchema.parse({
      apiVersion: 'greenroom.dev/v1alpha1',
      kind: 'Platform',
      spec: { domain: 'apps.example.com', sources: [{ owner: 'acme' }], registries: ['ghcr.io/acme'] },
    });
    for (const size of Object.values(spec.sizes)) {
      for (const template of TEMPLATES) {
        const chart = new Chart(new App(), 'test');
        const { quota, limitRange } = spec.namespace;
        new PreviewNamespace(chart, 'fence', { ...NAMESPACE_PROPS, quota, limitRange });
        const { port: _, ...props } = APP_PROPS;
        new PreviewApp(chart, 'app', {
          ...props,
          template: template.name as TemplateName,
          templateFields: requiredFields(template),
          size,
        });
        expect(() => chart.toJson()).not.toThrow();
      }
    }
  });

  it('is checked at synthesis over all charts of the app', () => {
    const root = new App();
    const fence = new Chart(root, 'fence');
    const app = new Chart(root, 'app');
    new PreviewNamespace(fence, 'namespace', { ...NAMESPACE_PROPS, quota: { pods: '2' } });
    new PreviewApp(app, 'preview', APP_PROPS);
    expect(() => fence.toJson()).not.toThrow();
    const elsewhere = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', namespace: 'other' } };
    new ApiObject(app, 'neighbour', elsewhere);
    expect(() => fence.toJson()).not.toThrow();
    new ApiObject(app, 'extra', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', namespace: 'pr-shop-7' } });
    expect(() => fence.toJson()).toThrow(/\[fence\/namespace] quota\[pods]: needs 3 pods at its peak/);
  });
});
