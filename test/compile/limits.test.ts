import { ApiObject } from 'cdk8s';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import type { PreviewExtension } from '../../lib/constructs/extension.ts';
import { compileInput, manifests, OPENED, platform, previewText } from '../support/inputs.ts';

const configMap = (name: string, bytes: number) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { a: ${'x'.repeat(bytes)} }\n`;

test('manifests of more than a mebibyte together are refused before they are read', () => {
  const input = (bytes: number) => {
    const names = ['a', 'b', 'c', 'd'].map((name) => [`deploy/${name}.yaml`, configMap(name, bytes)]);
    return compileInput(previewText('manifests: deploy'), { manifests: manifests(Object.fromEntries(names)) });
  };
  const compile = createCompiler({ platform: platform(), now: OPENED });
  expect(() => compile(input(262_144))).toThrow(/deploy: contains \d+ bytes of manifests; at most 1048576 are allowed/);
  expect(() => compile(input(262_000))).not.toThrow(/bytes of manifests/);
});

test("with Knative, its activator and autoscaler reach the preview's pods; without, they do not", () => {
  const peers = (extra: string) => {
    const { files, folder } = createCompiler({ platform: platform(extra), now: OPENED })(compileInput());
    const policy = parse(files.get(`${folder}/fence/networkpolicy.allow-ingress.yaml`) ?? '');
    return JSON.stringify(policy.spec.ingress[0].from).includes('"knative-serving"');
  };
  expect([peers('knative: true'), peers('')]).toEqual([true, false]);
});

const deployment = (resources: string, extra = '') => `apiVersion: apps/v1
kind: Deployment
metadata: { name: worker }
spec:
  selector: { matchLabels: { app: worker } }
  template:
    metadata: { labels: { app: worker } }
    spec:
      ${extra}
      containers:
        - name: worker
          image: ghcr.io/acme/worker:1
          resources: ${resources}
`;

const withWorker = (text: string, extra = '', extensions: PreviewExtension[] = []) =>
  createCompiler({ platform: platform(extra), now: OPENED, extensions })(
    compileInput(previewText('manifests: deploy'), { manifests: manifests({ 'deploy/worker.yaml': text }) }),
  );

describe("the namespace's LimitRange is kept before commit", () => {
  const fits = '{ limits: { cpu: "2", memory: 2Gi }, requests: { cpu: "1", memory: 2Gi } }';
  const roomy =
    'namespace: { quota: { limits.cpu: "90", limits.memory: 90Gi, requests.cpu: "90", requests.memory: 90Gi } }';

  test.each([
    ['{ limits: { cpu: 2001m }, requests: { cpu: "1" } }', /may use 2001m of cpu; this namespace allows 2 at most/],
    ['{ limits: { memory: 3Gi }, requests: { memory: 1Gi } }', /may use 3072Mi of memory; this namespace allows 2Gi/],
    ['{ limits: { memory: 3000000000000m } }', /memory; this namespace allows 2Gi at most/],
    ['{ requests: { cpu: 4 } }', /requests 4000m of cpu; this namespace allows 2 at most/],
  ])('a container with %s is refused, with its place and the numbers', (resources, sentence) => {
    expect(() => withWorker(deployment(resources), roomy)).toThrow(sentence);
    expect(() => withWorker(deployment(resources), roomy)).toThrow(
      /^deploy\/worker\.yaml:1:1: spec\.template\.spec\.containers\[0\]\.resources\.\w+\.\w+: Deployment worker, container worker/,
    );
  });

  test('what is just as large passes; init containers count too', () => {
    expect(() => withWorker(deployment(fits), roomy)).not.toThrow();
    const init = 'initContainers: [{ name: setup, image: ghcr.io/acme/s:1, resources: { limits: { cpu: 3 } } }]';
    expect(() => withWorker(deployment(fits, init), roomy)).toThrow(
      /initContainers\[0\].*container setup: may use 3000m/,
    );
  });

  test("least sizes, ratios and a pod's sum count where an extension's LimitRange names them", () => {
    const bounded =
      (limits: unknown): PreviewExtension =>
      ({ fence, context: { name } }) => {
        const metadata = { name: 'own', namespace: name };
        new ApiObject(fence, 'own', { apiVersion: 'v1', kind: 'LimitRange', metadata, spec: { limits: [limits] } });
      };
    const refused = (limits: unknown) => () => withWorker(deployment(fits), roomy, [bounded(limits)]);
    expect(refused({ type: 'Pod', max: { cpu: '1' } })).toThrow(/worker, the pod as a whole: may use 2000m of cpu/);
    expect(refused({ type: 'Container', min: { cpu: '0.2' }, max: { cpu: '1' } })).toThrow(
      /container worker: may use 2000m of cpu/,
    );
    expect(refused({ type: 'Container', maxLimitRequestRatio: { cpu: '10' } })).not.toThrow();
  });

  test("what an extension lets no preview of any size keep is not the maker's to change", () => {
    const bounded: PreviewExtension = ({ fence, context: { name } }) => {
      const metadata = { name: 'own', namespace: name };
      const spec = { limits: [{ type: 'Container', min: { memory: '4Gi' } }] };
      new ApiObject(fence, 'own', { apiVersion: 'v1', kind: 'LimitRange', metadata, spec });
    };
    expect(() => withWorker(deployment(fits), roomy, [bounded])).toThrow(
      expect.objectContaining({ isPlatforms: true, message: expect.stringMatching(/^greenroom\.yaml: no preview/) }),
    );
  });
});

describe('cost of what a maker brings along', () => {
  const perDay = (resources: string) => withWorker(deployment(resources)).cost.perDay;

  test('every way of writing a quantity has the same price', () => {
    const prices = ['0.5', '500m', '5e-1', '500000u', '.50', '0.0005k'].map((cpu) =>
      perDay(`{ requests: { cpu: "${cpu}", memory: 256Mi }, limits: { cpu: "1" } }`),
    );
    expect(new Set(prices).size).toBe(1);
    expect(prices[0]).toBeGreaterThan(0);
  });

  test('what an autoscaler may make is in the price, and held to the quota', () => {
    const resources = '{ requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 200m, memory: 128Mi } }';
    const withScaler = (most: number) => {
      const scaler = `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: w }\nspec: { maxReplicas: ${most}, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: worker } }\n`;
      return withWorker(`${deployment(resources)}---\n${scaler}`);
    };
    const one = withScaler(1).cost.perDay - perDay(resources);
    expect(one).toBe(0);
    const added = withScaler(4).cost.perDay - withScaler(1).cost.perDay;
    expect(added).toBeCloseTo(3 * 24 * (0.1 * 0.031611 + 0.125 * 0.004237), 3);
    expect(() => withScaler(40)).toThrow(/42 pods at its peak|4[0-9] pods/);
  });

  test('disks are in the price, and held to quota and budget where they are claimed', () => {
    const settings = (budget: number, storage: string) =>
      `policies: { parameters: { allowedKinds: { PersistentVolumeClaim: true } } }
namespace: { quota: { persistentvolumeclaims: "2", requests.storage: ${storage} } }
cost: { rates: { storageGiBHour: 0.001 }, budgets: { perPreviewDay: ${budget} } }`;
    const claim =
      'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data }\nspec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 50Gi } } }\n';
    const none = withWorker(configMap('a', 1), settings(5, '100Gi')).cost.perDay;
    expect(withWorker(claim, settings(5, '100Gi')).cost.perDay).toBeCloseTo(none + 24 * 50 * 0.001, 3);
    expect(() => withWorker(claim, settings(1, '100Gi'))).toThrow(
      /costs about 1\.\d+ USD a day; a preview may cost 1\./,
    );
    expect(() => withWorker(claim, settings(5, '20Gi'))).toThrow(
      'deploy/worker.yaml:1:1: with the PersistentVolumeClaim data the preview needs 51200Mi of requests.storage at its peak, updates included; a preview has 20Gi. Let it ask for less, leave it out, or ask the platform team',
    );
    expect(() =>
      withWorker(
        ['a', 'b', 'c'].map((name) => claim.replace('name: data', `name: ${name}`)).join('---\n'),
        settings(5, '1Ti'),
      ),
    ).toThrow(
      'with the PersistentVolumeClaim a the preview needs 3 claims of disks at its peak, updates included; a preview has 2.',
    );
  });

  test('too many secrets are told where they are named', () => {
    const compile = createCompiler({ platform: platform('namespace: { quota: { secrets: "0" } }'), now: OPENED });
    expect(() => compile(compileInput(previewText('secrets: { KEY: acme/shop/stripe }')))).toThrow(
      'preview.yaml:6:12: spec.secrets: needs 1 Secret at its peak, updates included; a preview has 0. Name fewer or ask the platform team',
    );
  });

  test('who asks for nothing and may use much is not free', () => {
    expect(perDay('{ requests: { cpu: "0", memory: 256Mi }, limits: { cpu: 500m, memory: 256Mi } }')).toBe(
      perDay('{ requests: { cpu: 500m, memory: 256Mi }, limits: { cpu: 500m, memory: 256Mi } }'),
    );
  });

  test('what does not fit and what the rules refuse are said at once', () => {
    const text = deployment(
      '{ limits: { cpu: 3, memory: 1Gi }, requests: { cpu: 1, memory: 1Gi } }',
      'hostNetwork: true',
    );
    expect(() => withWorker(text)).toThrow(/may use 3000m[\s\S]*\[no-host-namespaces\]/);
  });

  test('a limit without a request is reserved as a whole, as the API server fills it in', () => {
    expect(perDay('{ limits: { cpu: 500m, memory: 512Mi } }')).toBe(
      perDay('{ limits: { cpu: 500m, memory: 512Mi }, requests: { cpu: 500m, memory: 512Mi } }'),
    );
  });
});
