import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import { createChecker } from '../../lib/policies/checker.ts';
import { ruleParams } from '../../lib/policies/params.ts';
import { compileInput, manifests, OPENED, platform, previewText } from '../support/inputs.ts';

/** The objects of a preview by path below its folder. */
function objects(settings: string, text = previewText(), overrides = {}) {
  const compile = createCompiler({ platform: platform(settings), now: OPENED });
  const { files, folder, findings } = compile(compileInput(text, overrides));
  expect(findings.filter(({ severity }) => severity === 'deny')).toEqual([]);
  const yaml = [...files].filter(([path]) => path.endsWith('.yaml'));
  return Object.fromEntries(yaml.map(([path, content]) => [path.slice(folder.length + 1), parse(content)]));
}

const OWN_INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: own }
spec:
  rules:
    - http: { paths: [{ path: /own, pathType: Prefix, backend: { service: { name: pr-shop-7, port: { number: 80 } } } }] }
`;

describe('settings for all previews, without a line of TypeScript', () => {
  test('labels and annotations reach every object and the pods', () => {
    const all = objects('labels: { example.com/cost: x1 }\nannotations: { example.com/book: "https://w" }');
    for (const [path, { metadata, spec }] of Object.entries(all)) {
      for (const meta of [metadata, ...(path.includes('deployment') ? [spec.template.metadata] : [])]) {
        expect(meta.labels['example.com/cost'], path).toBe('x1');
        expect(meta.annotations['example.com/book'], path).toBe('https://w');
      }
    }
  });

  test('variables of all apps, which a maker may set otherwise', () => {
    const settings = 'env: { PROXY: "http://p", WHO: "${name}", MINE: theirs }';
    const all = objects(settings, previewText('env: { MINE: mine }'));
    const { env } = all['app/deployment.pr-shop-7.yaml'].spec.template.spec.containers[0];
    expect(env).toEqual(
      expect.arrayContaining([
        { name: 'MINE', value: 'mine' },
        { name: 'PROXY', value: 'http://p' },
        { name: 'WHO', value: 'pr-shop-7' },
      ]),
    );
  });

  test('pull secrets on the accounts of pods, and a PriorityClass', () => {
    const all = objects('imagePullSecrets: [registry]\npriorityClass: previews');
    for (const account of ['default', 'preview-app']) {
      expect(all[`fence/serviceaccount.${account}.yaml`].imagePullSecrets).toEqual([{ name: 'registry' }]);
    }
    expect(all['fence/serviceaccount.preview-reconciler.yaml']).not.toHaveProperty('imagePullSecrets');
    expect(all['app/deployment.pr-shop-7.yaml'].spec.template.spec.priorityClassName).toBe('previews');
  });

  test('pull secrets are read from the store into each fence, and named at the accounts', () => {
    const settings =
      'imagePullSecrets: [mirror, { name: registry, secret: "platform/registry#config" }]\nsecrets: { store: vault }';
    const all = objects(settings);
    for (const account of ['default', 'preview-app']) {
      const { imagePullSecrets } = all[`fence/serviceaccount.${account}.yaml`];
      expect(imagePullSecrets).toEqual([{ name: 'mirror' }, { name: 'registry' }]);
    }
    expect(Object.keys(all).filter((path) => path.includes('externalsecret'))).toEqual([
      'fence/externalsecret.registry.yaml',
    ]);
    const { metadata, spec } = all['fence/externalsecret.registry.yaml'];
    expect(metadata).toMatchObject({
      namespace: 'pr-shop-7',
      annotations: { 'argocd.argoproj.io/sync-options': expect.anything() },
    });
    expect(spec).toMatchObject({
      secretStoreRef: { kind: 'ClusterSecretStore', name: 'vault' },
      target: { name: 'registry', creationPolicy: 'Owner', template: { type: 'kubernetes.io/dockerconfigjson' } },
      data: [{ secretKey: '.dockerconfigjson', remoteRef: { key: 'platform/registry', property: 'config' } }],
    });
  });

  test('what reads a pull secret is for the platform to write: makers keep to their own, and cannot take its name', () => {
    const settings = 'imagePullSecrets: [{ name: registry, secret: platform/registry }]';
    const pull = objects(settings)['fence/externalsecret.registry.yaml'];
    const compile = createCompiler({ platform: platform(settings), now: OPENED });
    const of = (object: object) =>
      compile(
        compileInput(previewText('manifests: k8s'), { manifests: manifests({ 'k8s/s.yaml': JSON.stringify(object) }) }),
      );
    const { apiVersion, kind, spec } = pull;
    const copy = { apiVersion, kind, metadata: { name: 'mine' }, spec };
    const { findings } = of(copy);
    expect(findings.map(({ rule, field }) => [rule, field])).toEqual([
      ['plain-secrets', 'spec.target.template'],
      ['own-secrets', 'spec.data[0].remoteRef.key'],
    ]);
    expect(() => of({ ...copy, metadata: { name: 'registry' } })).toThrow(
      'ExternalSecret registry is made by greenroom',
    );
  });

  test('annotations of the route are on routes of makers too, and the rule asks for them', () => {
    const gate = 'nginx.ingress.kubernetes.io/auth-url';
    const settings = `ingress: { annotations: { ${gate}: "https://auth.example.com" } }`;
    const sneaky = OWN_INGRESS.replace('name: own', `name: own, annotations: { ${gate}: "" }`);
    for (const own of [OWN_INGRESS, sneaky]) {
      const all = objects(settings, previewText('manifests: k8s'), { manifests: manifests({ 'k8s/i.yaml': own }) });
      for (const path of ['app/ingress.own.yaml', 'app/ingress.pr-shop-7.yaml']) {
        expect(all[path].metadata.annotations[gate]).toBe('https://auth.example.com');
      }
    }
    // Past the compiler, admission refuses the same.
    const checker = createChecker({ params: ruleParams(platform(settings)), severities: {}, contact: 'us' });
    const rules = (object: object) => checker.check(object, {}).map(({ rule }) => rule);
    const route = (annotations: object) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'own', namespace: 'pr-shop-7', annotations },
      spec: { rules: [{ host: 'pr-shop-7.apps.example.com' }] },
    });
    expect(rules(route({}))).toContain('ingress-annotations');
    expect(rules(route({ [gate]: 'https://elsewhere' }))).toContain('ingress-annotations');
    expect(rules(route({ [gate]: 'https://auth.example.com' }))).not.toContain('ingress-annotations');
  });

  test.each([
    ['egress: none', undefined],
    ['egress: https', [{ protocol: 'TCP', port: 443 }]],
    ['egress: [{ cidr: 203.0.113.0/24, ports: [5432] }]', [{ protocol: 'TCP', port: 5432 }]],
  ])('%s', (settings, ports) => {
    expect(objects(settings)['fence/networkpolicy.allow-egress.yaml']?.spec.egress[0].ports).toEqual(ports);
  });

  test("OpenShift's DNS and the node's own are reached by what greenroom.yaml says", () => {
    const settings =
      'network: { dnsNamespace: openshift-dns, dnsPodLabels: { dns.operator.openshift.io/daemonset-dns: default }, dnsPorts: [5353], nodeLocalDns: 169.254.20.10 }';
    const { egress } = objects(settings)['fence/networkpolicy.allow-dns.yaml'].spec;
    expect(egress[0].to[0]).toEqual({
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'openshift-dns' } },
      podSelector: { matchLabels: { 'dns.operator.openshift.io/daemonset-dns': 'default' } },
    });
    expect(egress[0].ports.map(({ port }: { port: number }) => port)).toEqual([5353, 5353]);
    expect(egress[1]).toEqual({
      to: [{ ipBlock: { cidr: '169.254.20.10/32' } }],
      ports: ['UDP', 'TCP'].map((protocol) => ({ protocol, port: 53 })),
    });
  });
});

describe('maps of greenroom.yaml', () => {
  const hard = (settings: string) => objects(settings)['fence/resourcequota.preview.yaml'].spec.hard;

  test('merge with their defaults; null takes an entry away, and what opens a way round stays shut', () => {
    expect(hard('namespace: { quota: { pods: "3" } }')).toMatchObject({
      pods: '3',
      'services.loadbalancers': '0',
      persistentvolumeclaims: '0',
      'limits.ephemeral-storage': '12Gi',
      'count/deployments.apps': '10',
    });
    expect(hard('namespace: { quota: { "services.nodeports": null } }')).not.toHaveProperty(['services.nodeports']);
    const sizes = platform(
      'sizes: { small: null, tiny: { requests: { cpu: 10m, memory: 16Mi }, limits: { cpu: 20m, memory: 32Mi } } }\ndefaultSize: tiny',
    ).sizes;
    expect(Object.keys(sizes)).toEqual(['medium', 'large', 'tiny']);
  });

  test('kinds: a map adds and takes away, a list stands beside what greenroom makes', () => {
    const kinds = (value: string) =>
      ruleParams(platform(`policies: { parameters: { allowedKinds: ${value} } }`)).allowedKinds;
    const usual = ruleParams(platform()).allowedKinds;
    expect(kinds('{ acme.example/Widget: true, batch/CronJob: null }')).toEqual([
      ...usual.filter((kind) => kind !== 'batch/CronJob'),
      'acme.example/Widget',
    ]);
    // What greenroom makes of preview.yaml itself is always allowed.
    expect(kinds('[Service, batch/Job]')).toEqual([
      'Service',
      'batch/Job',
      'apps/Deployment',
      'networking.k8s.io/Ingress',
      'external-secrets.io/ExternalSecret',
    ]);
  });

  test.each([
    ['defaultSize: huge', /spec\.defaultSize: must be one of the sizes \(small, medium, large\); found "huge"/],
    ['sizes: { small: null }', /spec\.defaultSize: must be one of the sizes \(medium, large\)/],
    [
      'labels: { greenroom.dev/preview: x }',
      /spec\.labels\["greenroom\.dev\/preview"\]: has a name that must be of a domain of your own/,
    ],
    ['annotations: { argocd.argoproj.io/hook: x }', /has a name that must be of a domain of your own/],
    ['labels: { a: "x y" }', /spec\.labels\.a: must be at most 63 letters/],
    ['env: { PORT: "1" }', /spec\.env\.PORT: has a name that must be another one than PORT/],
    ['env: { A: "${ulr}" }', /spec\.env\.A: has an unknown placeholder \$\{ulr\}; did you mean \$\{url\}\?/],
    ['egress: htps', /spec\.egress: must be one of none, https; found "htps"; did you mean https\?/],
    ['network: { nodeLocalDns: 300.0.0.1 }', /spec\.network\.nodeLocalDns: must be an IPv4 address/],
    ['policies: { parameters: { allowedKinds: { batch/Job: false } } }', /allowedKinds.*must be/],
  ])('%s is refused where it stands', (settings, sentence) => {
    expect(() => platform(settings)).toThrow(sentence);
  });
});
