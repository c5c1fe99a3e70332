import { describe, expect, it } from 'vitest';
import { PreviewApp, type PreviewAppProps } from '../../lib/constructs/index.ts';
import { GreenroomError } from '../../lib/core/errors.ts';
import { APP_PROPS, type Manifest, synth } from './support.ts';

function app(props: Partial<PreviewAppProps> = {}): Map<string, Manifest> {
  return synth((scope) => new PreviewApp(scope, 'app', { ...APP_PROPS, ...props }));
}

function refusal(props: object): GreenroomError {
  try {
    app(props as Partial<PreviewAppProps>);
  } catch (error) {
    expect(error).toBeInstanceOf(GreenroomError);
    return error as GreenroomError;
  }
  throw new Error('was not refused');
}

const deploymentPod = (objects: Map<string, Manifest>) => objects.get('Deployment/pr-shop-7').spec.template.spec;
const SECRETS = { STRIPE_KEY: 'acme/shop/stripe', API_KEY: 'acme/shop/api' };

describe('PreviewApp', () => {
  it.each(['static-site', 'web-service', 'function'] as const)('makes a reachable %s', (template) => {
    const objects = app({ template });
    expect([...objects.keys()]).toEqual(['Deployment/pr-shop-7', 'Service/pr-shop-7', 'Ingress/pr-shop-7']);
    const deployment = objects.get('Deployment/pr-shop-7');
    const service = objects.get('Service/pr-shop-7');
    const ingress = objects.get('Ingress/pr-shop-7');
    // The chain from host to container: Ingress to Service, Service to pods, port name to container port.
    const [rule] = ingress.spec.rules;
    expect(rule.host).toBe('pr-shop-7.apps.example.com');
    expect(rule.http.paths).toEqual([
      { path: '/', pathType: 'Prefix', backend: { service: { name: 'pr-shop-7', port: { name: 'http' } } } },
    ]);
    expect(service.spec.type).toBe('ClusterIP');
    expect(service.spec.ports).toEqual([{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }]);
    expect(deployment.spec.template.metadata.labels).toMatchObject(service.spec.selector);
    expect(deployment.spec.template.metadata.labels).toMatchObject(deployment.spec.selector.matchLabels);
    const [container] = deployment.spec.template.spec.containers;
    expect(container.ports).toEqual([{ name: 'http', containerPort: 8080, protocol: 'TCP' }]);
    expect(container.env).toEqual([{ name: 'PORT', value: '8080' }]);
    // The controller's default certificate is the wildcard.
    expect(ingress.spec.tls).toEqual([{ hosts: ['pr-shop-7.apps.example.com'] }]);
    for (const object of objects.values()) {
      expect(object.metadata.namespace).toBe('pr-shop-7');
      expect(object.metadata.labels['greenroom.dev/preview']).toBe('pr-shop-7');
      expect(object.metadata.labels['app.kubernetes.io/component']).toBe(template);
    }
  });

  it('runs under the restricted profile, without a token, on a root file system that it cannot write', () => {
    const pod = deploymentPod(app());
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      serviceAccountName: 'preview-app',
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    const [container] = pod.containers;
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(pod.volumes).toEqual([{ name: 'tmp', emptyDir: { sizeLimit: '256Mi' } }]);
    expect(container.volumeMounts).toEqual([{ name: 'tmp', mountPath: '/tmp' }]);
    for (const bound of ['requests', 'limits']) {
      expect(Object.keys(container.resources[bound]).sort()).toEqual(['cpu', 'ephemeral-storage', 'memory']);
    }
  });

  const PROBES = ['startupProbe', 'readinessProbe', 'livenessProbe'];
  it('probes the named port and no host, each for less time than until the next', () => {
    const [container] = deploymentPod(app({ health: '/healthz' })).containers;
    for (const probe of PROBES) {
      expect(container[probe].httpGet, probe).toEqual({ path: '/healthz', port: 'http' });
      expect(container[probe].timeoutSeconds).toBeLessThan(container[probe].periodSeconds);
    }
    const { startupProbe: start } = container;
    const { progressDeadlineSeconds } = app().get('Deployment/pr-shop-7').spec;
    expect(start.periodSeconds * start.failureThreshold).toBeLessThan(progressDeadlineSeconds);
    expect(progressDeadlineSeconds).toBeLessThan(600);
  });

  it('restarts an app only where somebody named the path that it answers on', () => {
    const probes = (health?: PreviewAppProps['health']) => {
      const [container] = deploymentPod(app(health === undefined ? {} : { health })).containers;
      return PROBES.filter((probe) => container[probe] !== undefined);
    };
    expect(probes()).toEqual(['startupProbe', 'readinessProbe']);
    expect(probes({ tcp: true })).toEqual(['startupProbe', 'readinessProbe']);
    expect(probes('/')).toEqual(PROBES);
    const [asked] = deploymentPod(app({ health: { path: '/up', host: 'shop.example.com' } })).containers;
    expect(asked.readinessProbe.httpGet).toEqual({
      path: '/up',
      port: 'http',
      httpHeaders: [{ name: 'Host', value: 'shop.example.com' }],
    });
    const [knocked] = deploymentPod(app({ health: { tcp: true } })).containers;
    expect(knocked.startupProbe.tcpSocket).toEqual({ port: 'http' });
  });

  it('runs what is named, as who is named, with the places that are named', () => {
    const release = ['npm', 'run', 'migrate'];
    const given = {
      command: ['node'],
      args: ['a.js'],
      user: 1000,
      writable: ['/var/cache/x'],
      release,
      env: { A: '1' },
    };
    const pod = deploymentPod(app(given));
    const [container] = pod.containers;
    const [first] = pod.initContainers;
    expect(container).toMatchObject({ command: ['node'], args: ['a.js'], securityContext: { runAsUser: 1000 } });
    expect(container.volumeMounts).toEqual([
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'writable-1', mountPath: '/var/cache/x' },
    ]);
    expect(pod.volumes.map((v: Manifest) => v.name)).toEqual(['tmp', 'writable-1']);
    // The step before the start has what the app has, but for its command and its probes.
    const { command, args, ports, startupProbe, readinessProbe, ...rest } = container;
    expect(first).toEqual({ ...rest, name: 'release', command: release });
    expect(app(given).get('Deployment/pr-shop-7').spec.progressDeadlineSeconds).toBe(600);
  });

  it('pulls a tag again, which may have moved, and a digest once', () => {
    const policy = (image: string) => deploymentPod(app({ image })).containers[0].imagePullPolicy;
    expect(policy('ghcr.io/acme/shop:1')).toBe('Always');
    expect(policy(`ghcr.io/acme/shop@sha256:${'a'.repeat(64)}`)).toBe('IfNotPresent');
  });

  it('has neither Service nor route where the template listens on no port', () => {
    const { port: _, ...portless } = APP_PROPS;
    const objects = synth((scope) => new PreviewApp(scope, 'app', { ...portless, template: 'worker' }));
    expect([...objects.keys()]).toEqual(['Deployment/pr-shop-7']);
    const [container] = deploymentPod(objects).containers;
    for (const field of ['ports', 'env', ...PROBES]) expect(container).not.toHaveProperty(field);
    expect(refusal({ template: 'worker' }).problems.map(({ field }) => field)).toEqual(['port']);
  });

  it('leads a part of the host to the app, or nothing', () => {
    const [rule] = app({ path: '/api' }).get('Ingress/pr-shop-7').spec.rules;
    expect(rule.http.paths[0].path).toBe('/api');
    const gateway = { name: 'previews', namespace: 'edge', listener: 'https' };
    const { spec } = app({ path: '/api', ingress: { kind: 'gateway', gateway } }).get('HTTPRoute/pr-shop-7');
    expect(spec.rules[0].matches[0].path.value).toBe('/api');
    expect(spec.parentRefs[0].sectionName).toBe('https');
    expect([...app({ path: null }).keys()]).toEqual(['Deployment/pr-shop-7', 'Service/pr-shop-7']);
    const annotated = app({ routeAnnotations: { 'nginx.ingress.kubernetes.io/auth-url': 'https://a' } });
    expect(annotated.get('Ingress/pr-shop-7').metadata.annotations).toEqual({
      'nginx.ingress.kubernetes.io/auth-url': 'https://a',
    });
    expect(annotated.get('Service/pr-shop-7').metadata.annotations).toBeUndefined();
  });

  it('reads one property of a secret where one is named', () => {
    const secrets = { DB: 'acme/shop/db#password' };
    const external = app({ secrets, secretStore: { mechanism: 'external-secrets' } });
    expect(external.get('ExternalSecret/pr-shop-7').spec.data[0].remoteRef).toMatchObject({
      key: 'acme/shop/db',
      property: 'password',
    });
    const sealed = app({ secrets, secretStore: { mechanism: 'sealed-secrets' } });
    expect(JSON.stringify(deploymentPod(sealed))).toContain('"key":"db.password"');
  });

  it('lists variables by name, whatever order they were written in', () => {
    const secretStore = { mechanism: 'external-secrets' } as const;
    const one = app({ env: { B: '2', A: '1', _Z: 'off' }, secrets: SECRETS, secretStore });
    const two = app({
      env: { _Z: 'off', A: '1', B: '2' },
      secrets: Object.fromEntries(Object.entries(SECRETS).reverse()),
      secretStore,
    });
    expect(JSON.stringify([...one])).toBe(JSON.stringify([...two]));
    const [container] = deploymentPod(one).containers;
    expect(container.env.map((variable: Manifest) => variable.name)).toEqual([
      'A',
      'API_KEY',
      'B',
      'PORT',
      'STRIPE_KEY',
      '_Z',
    ]);
  });

  it('takes names of Object.prototype for plain variables', () => {
    const env = JSON.parse('{"__proto__": "1", "constructor": "2", "toString": "3"}');
    const [container] = deploymentPod(app({ env })).containers;
    expect(container.env).toEqual([
      { name: 'PORT', value: '8080' },
      { name: '__proto__', value: '1' },
      { name: 'constructor', value: '2' },
      { name: 'toString', value: '3' },
    ]);
  });

  it('reads secrets from the store, one key each, and hands them to the app by reference', () => {
    const objects = app({ secrets: SECRETS, secretStore: { mechanism: 'external-secrets', store: 'vault' } });
    const { spec } = objects.get('ExternalSecret/pr-shop-7');
    expect(Object.keys(spec).sort()).toEqual(['data', 'refreshInterval', 'secretStoreRef', 'target']);
    expect(spec.secretStoreRef).toEqual({ kind: 'ClusterSecretStore', name: 'vault' });
    expect(spec.target).not.toHaveProperty('template');
    expect(spec.data.map((item: Manifest) => [item.secretKey, item.remoteRef.key])).toEqual([
      ['API_KEY', 'acme/shop/api'],
      ['STRIPE_KEY', 'acme/shop/stripe'],
    ]);
    const byName = new Map(deploymentPod(objects).containers[0].env.map((v: Manifest) => [v.name, v.valueFrom]));
    for (const { secretKey } of spec.data) {
      expect(byName.get(secretKey)).toEqual({ secretKeyRef: { name: spec.target.name, key: secretKey } });
    }
    expect(app({ secretStore: { mechanism: 'external-secrets' } }).has('ExternalSecret/pr-shop-7')).toBe(false);
  });

  it.each(['sealed-secrets', 'sops'] as const)('refers to the committed Secret with %s', (mechanism) => {
    const objects = app({ secrets: { STRIPE_KEY: 'acme/shop/stripe' }, secretStore: { mechanism } });
    expect([...objects.keys()].filter((id) => id.includes('Secret'))).toEqual([]);
    expect(deploymentPod(objects).containers[0].env).toContainEqual({
      name: 'STRIPE_KEY',
      valueFrom: { secretKeyRef: { name: 'preview-secrets', key: 'stripe' } },
    });
  });

  it('attaches an HTTPRoute to the Gateway of another namespace', () => {
    const gateway = { name: 'previews', namespace: 'edge' };
    const objects = app({ ingress: { kind: 'gateway', gateway } });
    expect(objects.has('Ingress/pr-shop-7')).toBe(false);
    const { spec } = objects.get('HTTPRoute/pr-shop-7');
    expect(spec.hostnames).toEqual(['pr-shop-7.apps.example.com']);
    expect(spec.parentRefs).toEqual([{ group: 'gateway.networking.k8s.io', kind: 'Gateway', ...gateway }]);
    const { port } = objects.get('Service/pr-shop-7').spec.ports[0];
    expect(spec.rules[0].backendRefs).toEqual([{ group: '', kind: 'Service', name: 'pr-shop-7', port, weight: 1 }]);
  });

  it('makes a function a Knative Service at the same host where Knative is there', () => {
    const objects = app({ template: 'function', knative: true, env: { MODE: 'x' } });
    expect([...objects.keys()]).toEqual(['Service/pr-shop-7', 'DomainMapping/pr-shop-7.apps.example.com']);
    const service = objects.get('Service/pr-shop-7');
    expect(service.apiVersion).toBe('serving.knative.dev/v1');
    const { containers, ...pod } = service.spec.template.spec;
    // What Knative's webhook takes without feature flags.
    expect(Object.keys(pod).sort()).toEqual([
      'automountServiceAccountToken',
      'enableServiceLinks',
      'serviceAccountName',
      'volumes',
    ]);
    expect(containers[0].env).toEqual([{ name: 'MODE', value: 'x' }]);
    expect(containers[0].ports[0].name).toBe('http1');
    expect(containers[0].securityContext).toMatchObject({ runAsNonRoot: true, capabilities: { drop: ['ALL'] } });
    expect(service.metadata.labels['networking.knative.dev/visibility']).toBe('cluster-local');
    const mapping = objects.get('DomainMapping/pr-shop-7.apps.example.com');
    expect(mapping.spec.ref).toEqual({ apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: 'pr-shop-7' });
    expect(app({ template: 'web-service', knative: true }).has('Deployment/pr-shop-7')).toBe(true);
  });

  it('prefers or requires spot nodes and tolerates their taint', () => {
    const label = { key: 'cloud.example.com/spot', value: 'true' };
    const term = { matchExpressions: [{ key: label.key, operator: 'In', values: ['true'] }] };
    const preferred = deploymentPod(app({ spot: { label } }));
    expect(preferred.affinity.nodeAffinity).toEqual({
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: term }],
    });
    expect(preferred).not.toHaveProperty('tolerations');
    const required = deploymentPod(
      app({ spot: { label, required: true, toleration: { key: 'spot', effect: 'NoSchedule' } } }),
    );
    expect(required.affinity.nodeAffinity).toEqual({
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] },
    });
    expect(required.tolerations).toEqual([{ key: 'spot', operator: 'Exists', effect: 'NoSchedule' }]);
  });

  it('carries every prop into the output', () => {
    const all: Required<PreviewAppProps> = {
      name: 'pr-all-1',
      namespace: 'pr-all-1-ns',
      app: 'everything',
      partOf: 'whole',
      template: 'static-site',
      image: 'registry.example.com/all:1',
      port: 3456,
      host: 'pr-all-1.example.org',
      size: { requests: { cpu: '11m', memory: '12Mi' }, limits: { cpu: '13m', memory: '14Mi' } },
      ingress: { kind: 'ingress', class: 'traefik' },
      health: '/ready',
      env: { FIRST: 'one' },
      secrets: { SECOND: 'two/three' },
      secretKeys: { THIRD: { secret: 'of-the-operator', key: 'uri' } },
      secretStore: { mechanism: 'external-secrets', store: 'vault' },
      templateFields: {},
      path: '/part',
      command: ['run-this'],
      args: ['--with-that'],
      user: 4321,
      writable: ['/var/lib/own-cache'],
      release: ['migrate-first'],
      priorityClass: 'below-all',
      routeAnnotations: { 'example.com/gate': 'closed' },
      knative: false,
      replicas: 17,
      tmpSize: '111Mi',
      ephemeralStorage: '222Mi',
      spot: {
        label: { key: 'spot-label', value: 'spot-value' },
        toleration: { key: 'taint-key', value: 'taint-value', effect: 'NoExecute' },
        required: true,
      },
      serviceAccount: 'runner',
      labels: { team: 'web' },
      annotations: { 'example.com/owner': 'Web team' },
    };
    const objects = app(all);
    const text = JSON.stringify([...objects.values()]);
    const leaves = (value: unknown): string[] => {
      if (typeof value === 'boolean') return [];
      return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [String(value)];
    };
    const { ingress, secretStore, ...rest } = all;
    for (const leaf of leaves([rest, ingress.class, secretStore.store])) expect(text).toContain(leaf);
    expect(text).toContain('requiredDuringScheduling');
    for (const object of objects.values()) {
      expect(object.metadata.labels['team']).toBe('web');
      expect(object.metadata.annotations['example.com/owner']).toBe('Web team');
    }
    expect(objects.get('Deployment/pr-all-1').spec.template.metadata).toMatchObject({
      labels: { team: 'web' },
      annotations: { 'example.com/owner': 'Web team' },
    });
  });

  it('takes containers, volumes, labels and annotations until synthesis', () => {
    const objects = synth((scope) => {
      const preview = new PreviewApp(scope, 'app', APP_PROPS);
      preview.addContainer({ name: 'proxy', image: 'ghcr.io/acme/proxy:1' });
      preview.addInitContainer({ name: 'wait', image: 'ghcr.io/acme/wait:1' });
      preview.addVolume({ name: 'cache', emptyDir: {} });
      preview.addLabel('team', 'web');
      preview.addAnnotation('example.com/note', 'hello');
      preview.pod.terminationGracePeriodSeconds = 5;
    });
    const pod = deploymentPod(objects);
    expect(pod.containers.map((c: Manifest) => c.name)).toEqual(['app', 'proxy']);
    expect(pod.containers[1].securityContext.runAsNonRoot).toBe(true);
    expect(pod.initContainers[0]).toMatchObject({ name: 'wait', securityContext: { capabilities: { drop: ['ALL'] } } });
    expect(pod.volumes.map((v: Manifest) => v.name)).toEqual(['tmp', 'cache']);
    expect(pod.terminationGracePeriodSeconds).toBe(5);
    const template = objects.get('Deployment/pr-shop-7').spec.template.metadata;
    for (const { labels, annotations } of [template, ...[...objects.values()].map((object) => object.metadata)]) {
      expect(labels['team']).toBe('web');
      expect(annotations['example.com/note']).toBe('hello');
    }
    // The selector of a Deployment cannot change, so an added label stays out of it.
    expect(objects.get('Deployment/pr-shop-7').spec.selector.matchLabels).not.toHaveProperty('team');
  });

  const gatewayless = { ingress: { kind: 'gateway' } };
  const sealed = { secretStore: { mechanism: 'sealed-secrets' } };
  it.each<[string, object, string]>([
    ['a name that starts with a digit, which no Service can have', { name: '7-shop' }, 'name'],
    ['a host that is none', { host: '*.example.com' }, 'host'],
    ['an empty image', { image: '' }, 'image'],
    ['a privileged port', { port: 80 }, 'port'],
    ['a path with a query', { health: '/x?y' }, 'health'],
    ['no replica', { replicas: 0 }, 'replicas'],
    ['root', { user: 0 }, 'user'],
    ['a place over the code', { writable: ['/app'] }, 'writable[0]'],
    ['a place over the command', { writable: ['/data'], command: ['/data/run'] }, 'writable[0]'],
    ['a part of the host that is none', { path: 'api' }, 'path'],
    ['a part of the host on Knative', { template: 'function', knative: true, path: '/a' }, 'path'],
    ['a step before the start on Knative', { template: 'function', knative: true, release: ['a'] }, 'release'],
    ['a gateway that is not named', gatewayless, 'ingress.gateway'],
    ['PORT in env', { env: { PORT: '1' } }, 'env.PORT'],
    ['a variable that is none', { env: { 'A-B': '1' } }, 'env[A-B]'],
    ['secrets without a store', { secrets: { A: 'a/b' } }, 'secretStore'],
    ['a variable twice', { env: { A: '1' }, secrets: { A: 'a/b' }, ...sealed }, 'secrets[A]'],
    ['two references to one committed key', { secrets: { A: 'a/x', B: 'b/x' }, ...sealed }, 'secrets[B]'],
    ['a reference without a last part', { secrets: { A: 'a/' }, ...sealed }, 'secrets[A]'],
    ['a /tmp larger than the disk', { tmpSize: '2Gi' }, 'ephemeralStorage'],
    ['a spot label that is none', { spot: { label: { key: 'a b', value: 'c' } } }, 'spot.label.key'],
    ['a label of its own', { labels: { 'app.kubernetes.io/name': 'x' } }, 'labels[app.kubernetes.io/name]'],
    [
      'a request above its limit',
      { size: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1500m', memory: '512Mi' } } },
      'size.requests.memory',
    ],
  ])('refuses %s', (_, props, field) => {
    const { code, problems } = refusal(props);
    expect(code).toBe('invalid-input');
    expect(problems.map((problem) => problem.field)).toEqual([field]);
  });

  it('does not echo what stands where a reference should be', () => {
    const secret = 'sk_live_51H 8fakeKey';
    const { message } = refusal({ secrets: { KEY: secret }, secretStore: { mechanism: 'external-secrets' } });
    expect(message).toContain('secrets[KEY]');
    expect(message).not.toContain(secret);
  });
});
