import { afterAll, beforeAll, expect, it } from 'vitest';
import { limitRangeProblems } from '../../lib/constructs/preview-namespace/limit-range.ts';
import { platform } from '../support/inputs.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { eventually } from './eventually.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ controllerManager: true });
});
afterAll(() => cluster?.stop());

const RESOURCES: readonly object[] = [
  {},
  { limits: { cpu: '2' } },
  { limits: { cpu: '2001m' } },
  { limits: { cpu: '1' }, requests: { cpu: '10m' } },
  { requests: { cpu: '50m' } },
  { limits: { cpu: '20m' } },
  { limits: { memory: '3Gi' } },
  { limits: { memory: '3000000000000m', cpu: '1e-1' } },
  { limits: { cpu: '900m' }, requests: { cpu: '300m', memory: '64Mi' } },
];

const ITEMS: readonly object[] = [
  { type: 'Container', ...platform().namespace.limitRange },
  { type: 'Container', min: { cpu: '50m' } },
  { type: 'Container', max: { cpu: '1' } },
  { type: 'Container', min: { cpu: '30m' }, max: { cpu: '1', memory: '1Gi' }, default: { cpu: '100m' } },
  { type: 'Container', maxLimitRequestRatio: { cpu: '4' } },
  { type: 'Container', maxLimitRequestRatio: { cpu: '2500m' }, default: { cpu: '1' }, defaultRequest: { cpu: '500m' } },
  { type: 'Pod', max: { cpu: '2' } },
  { type: 'Pod', min: { cpu: '150m' } },
  { type: 'Pod', maxLimitRequestRatio: { cpu: '4' } },
];

const SHAPES: readonly ((resources: object) => object)[] = [
  (resources) => ({ containers: [container('a', resources)] }),
  (resources) => ({ containers: [container('a', resources), container('b', { limits: { cpu: '100m' } })] }),
  (resources) => ({
    initContainers: [container('i', resources)],
    containers: [container('a', { limits: { cpu: '100m', memory: '64Mi' } })],
  }),
  (resources) => ({
    initContainers: [
      { ...container('s', resources), restartPolicy: 'Always' },
      container('i', { limits: { cpu: '120m' } }),
    ],
    containers: [container('a', { limits: { cpu: '100m', memory: '64Mi' } })],
  }),
];

const container = (name: string, resources: object) => ({ name, image: 'registry.example.com/a:1', resources });
const pod = (name: string, spec: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec });

it.each(ITEMS.map((item, i) => [JSON.stringify(item), i] as const))(
  "the API server's verdict of every pod under %s is ours",
  async (_, i) => {
    const namespace = `limits-${i}`;
    const range = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'l' }, spec: { limits: [ITEMS[i]] } };
    await cluster.kubectl(['create', 'namespace', namespace]);
    await cluster.kubectl(['create', `--namespace=${namespace}`, '-f', '-'], JSON.stringify(range));
    await eventually(() => cluster.kubectl(['get', 'serviceaccount', 'default', `--namespace=${namespace}`]), {
      what: 'the default service account',
    });
    const pods = RESOURCES.flatMap((resources, r) => SHAPES.map((shape, s) => pod(`p-${r}-${s}`, shape(resources))));
    const ours = pods.filter((p) => limitRangeProblems([range], p).length === 0).map((p) => p.metadata.name);
    const theirs = async () => {
      const args = ['create', '--dry-run=server', `--namespace=${namespace}`, '-f', '-'];
      const { stdout } = await cluster.tryKubectl(args, pods.map((p) => JSON.stringify(p)).join('\n---\n'));
      return [...stdout.matchAll(/^pod\/(\S+) created/gm)].map(([, name]) => name);
    };
    expect(ours.length).toBeLessThan(pods.length);
    expect(ours.length).toBeGreaterThan(0);
    expect(await theirs()).toEqual(ours);
  },
);
