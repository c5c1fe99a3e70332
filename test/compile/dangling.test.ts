import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import { isDenial } from '../../lib/core/finding.ts';
import { compileInput, manifests, OPENED, platform, previewText } from '../support/inputs.ts';
import { sealedLike } from '../support/sealed.ts';
import { type WorkerParts, workerManifest } from '../support/worker-manifest.ts';

const RULE = 'no-dangling-references';

interface Given extends WorkerParts {
  /** Documents beside the Deployment. */
  readonly more?: readonly string[];
  readonly platform?: string;
  /** Lines of preview.yaml. */
  readonly preview?: string;
  readonly exceptions?: ReadonlyMap<string, string>;
}

function compiled(given: Given) {
  const { more = [], platform: settings = '', preview = '', exceptions } = given;
  const options = { platform: platform(settings), now: OPENED, ...(exceptions && { exceptions }) };
  const files = manifests({ 'k8s/worker.yaml': [workerManifest(given), ...more].join('---\n') });
  return createCompiler(options)(compileInput(previewText(`manifests: k8s\n${preview}`), { manifests: files }));
}

/** What is said of references, and whether anything else is. */
function said(given: Given): string[] {
  const { findings } = compiled(given);
  return findings.map(({ rule, message }) => (rule === RULE ? message : `[${rule}]`));
}

const config = (name: string, data = '{ a: b }') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: ${data}\n`;

describe('what a pod reads has to be there', () => {
  test.each<[string, Given, string]>([
    ['a ConfigMap as variables', { container: 'envFrom: [{ configMapRef: { name: gone } }]' }, 'ConfigMap gone'],
    ['a Secret as variables', { container: 'envFrom: [{ secretRef: { name: gone } }]' }, 'Secret gone'],
    [
      'one variable',
      { container: 'env: [{ name: A, valueFrom: { configMapKeyRef: { name: gone, key: a } } }]' },
      'ConfigMap gone',
    ],
    [
      'one secret variable',
      { container: 'env: [{ name: A, valueFrom: { secretKeyRef: { name: gone, key: a } } }]' },
      'Secret gone',
    ],
    ['a ConfigMap as files', { pod: 'volumes: [{ name: v, configMap: { name: gone } }]' }, 'ConfigMap gone'],
    ['a Secret as files', { pod: 'volumes: [{ name: v, secret: { secretName: gone } }]' }, 'Secret gone'],
    [
      'a projected Secret',
      { pod: 'volumes: [{ name: v, projected: { sources: [{ secret: { name: gone } }] } }]' },
      'Secret gone',
    ],
    ['a pull secret', { pod: 'imagePullSecrets: [{ name: gone }]' }, 'Secret gone'],
    [
      'a claim',
      {
        pod: 'volumes: [{ name: v, persistentVolumeClaim: { claimName: gone } }]',
        platform: 'policies: { parameters: { allowedKinds: { PersistentVolumeClaim: true } } }',
      },
      'PersistentVolumeClaim gone',
    ],
  ])('%s', (_, given, what) => {
    expect(said(given)).toEqual([
      expect.stringMatching(new RegExp(`^It refers to the ${what}, which .*or ask the platform team\\.$`)),
    ]);
  });

  test('an init container, and what is scheduled, are no exception', () => {
    const init = `initContainers: [{ name: i, image: "ghcr.io/acme/worker:1", envFrom: [{ configMapRef: { name: gone } }], resources: { requests: { cpu: 100m, memory: 64Mi }, limits: { cpu: 200m, memory: 64Mi } }, securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } } }]`;
    expect(said({ pod: init })).toHaveLength(1);
    const { template } = parse(workerManifest({ container: 'envFrom: [{ configMapRef: { name: gone } }]' })).spec;
    template.spec.restartPolicy = 'Never';
    const spec = { schedule: '0 3 * * *', jobTemplate: { spec: { template } } };
    const nested = `${JSON.stringify({ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'nightly' }, spec })}\n`;
    expect(said({ more: [nested] })).toEqual([expect.stringContaining('ConfigMap gone')]);
  });

  test('all places that want the same are one finding, at the line of the first', () => {
    const { findings } = compiled({
      container: 'envFrom: [{ configMapRef: { name: gone } }]',
      pod: 'volumes: [{ name: v, configMap: { name: gone } }]',
    });
    expect(findings).toMatchObject([
      { rule: RULE, file: 'k8s/worker.yaml', line: 11, field: 'spec.template.spec.volumes[0].configMap.name' },
    ]);
  });

  test('a name that is nearly right, and a key that is not there', () => {
    const envFrom = 'envFrom: [{ configMapRef: { name: setings } }]';
    expect(said({ container: envFrom, more: [config('settings')] })).toEqual([
      expect.stringContaining('did you mean settings?'),
    ]);
    const env = 'env: [{ name: A, valueFrom: { configMapKeyRef: { name: settings, key: c } } }]';
    expect(said({ container: env, more: [config('settings')] })).toEqual([
      'It reads the key c of the ConfigMap settings, which has only a: correct the key or add it there, or ask the platform team.',
    ]);
  });

  test('what is refused is not there either', () => {
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: db }\ndata: {}\n';
    expect(said({ container: 'envFrom: [{ secretRef: { name: db } }]', more: [secret] })).toEqual([
      '[allowed-kinds]',
      expect.stringContaining('must not be part of a preview: remove the reference as well'),
    ]);
  });

  test('routes and autoscalers lead somewhere', () => {
    const ingress = (service: string) =>
      `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: more }\nspec: { rules: [{ http: { paths: [{ path: /x, pathType: Prefix, backend: { service: { name: ${service}, port: { number: 80 } } } }] } }] }\n`;
    const scaler = (target: string) =>
      `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: more }\nspec: { maxReplicas: 2, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: ${target} } }\n`;
    expect(said({ more: [ingress('gone')] })).toEqual([expect.stringContaining('the Service gone')]);
    expect(said({ more: [scaler('gone')] })).toEqual([expect.stringContaining('the Deployment gone')]);
    expect(said({ more: [ingress('pr-shop-7'), scaler('worker')] })).toEqual([]);
  });
});

describe('nothing is said', () => {
  const external = `apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: { name: db }
spec:
  secretStoreRef: { kind: ClusterSecretStore, name: previews }
  target: { name: db-login }
  data: [{ secretKey: user, remoteRef: { key: acme/shop/db } }]
`;
  test.each<[string, Given]>([
    ['of what may be missing', { container: 'envFrom: [{ configMapRef: { name: gone, optional: true } }]' }],
    [
      'of what stands beside it',
      { container: 'envFrom: [{ configMapRef: { name: settings } }]', more: [config('settings')] },
    ],
    ["of the cluster's certificate", { pod: 'volumes: [{ name: v, configMap: { name: kube-root-ca.crt } }]' }],
    [
      'of what External Secrets makes',
      { container: 'env: [{ name: A, valueFrom: { secretKeyRef: { name: db-login, key: user } } }]', more: [external] },
    ],
    [
      "of the app's own Secret",
      { container: 'envFrom: [{ secretRef: { name: "${name}" } }]', preview: 'secrets: { KEY: acme/shop/stripe }' },
    ],
    [
      "of the platform's pull secrets",
      { pod: 'imagePullSecrets: [{ name: registry }]', platform: 'imagePullSecrets: [registry]' },
    ],
    ["of the preview's account", { pod: 'serviceAccountName: preview-app' }],
    [
      'of what an operator makes of an object of a kind of its own',
      {
        container: 'envFrom: [{ secretRef: { name: main-app } }]',
        platform: 'policies: { parameters: { allowedKinds: { postgresql.example.com/Cluster: true } } }',
        more: [
          'apiVersion: postgresql.example.com/v1\nkind: Cluster\nmetadata: { name: main }\nspec: { owner: { secret: main-app } }\n',
        ],
      },
    ],
    [
      'where the platform switched it off',
      {
        container: 'envFrom: [{ secretRef: { name: gone } }]',
        platform: `policies: { severities: { ${RULE}: "off" } }`,
      },
    ],
  ])('%s', (_, given) => {
    expect(said(given)).toEqual([]);
  });
});

test('committed secrets: the app starts only with the SealedSecret beside it', () => {
  const given = { platform: 'secrets: { mechanism: sealed-secrets }', preview: 'secrets: { KEY: acme/shop/stripe }' };
  const { findings } = compiled(given);
  expect(findings).toMatchObject([
    { rule: RULE, file: 'preview.yaml', message: expect.stringContaining('the Secret preview-secrets') },
  ]);
  const sealed = (key: string) =>
    `apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: { name: preview-secrets }\nspec: { encryptedData: { ${key}: ${sealedLike()} } }\n`;
  expect(said({ ...given, more: [sealed('stripe')] })).toEqual([]);
  expect(said({ ...given, more: [sealed('strip')] })).toEqual([expect.stringContaining('which has only strip:')]);
});

test('it warns where the platform says so, and an exception lets it pass', () => {
  const container = 'envFrom: [{ secretRef: { name: gone } }]';
  const warned = compiled({ container, platform: `policies: { severities: { ${RULE}: warn } }` });
  expect(warned).toMatchObject({ denied: false, findings: [{ rule: RULE, severity: 'warn' }] });
  const exception = `apiVersion: greenroom.dev/v1alpha1\nkind: Exception\nspec: { rule: ${RULE}, repository: acme/shop, reason: a controller copies it, approver: "@alice", until: 2026-12-01 }\n`;
  const { findings } = compiled({ container, exceptions: new Map([['exceptions/shop.yaml', exception]]) });
  expect(findings.filter(isDenial)).toEqual([]);
  expect(findings).toMatchObject([{ rule: RULE, exception: 'shop' }]);
});
