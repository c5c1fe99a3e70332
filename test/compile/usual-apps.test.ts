import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { compileUsual, USUAL_APPS } from '../support/usual-apps.ts';

// biome-ignore lint/suspicious/noExplicitAny: manifests are open data, and tests read deep into them
type Manifest = any;

function objectsOf(app: string, settings = ''): Manifest[] {
  const { files } = compileUsual(app, settings);
  return [...files].filter(([path]) => path.endsWith('.yaml')).map(([, text]) => parse(text));
}

const PLATFORMS = ['', 'knative: true', 'reconciler: flux\npolicies: { engines: [kyverno] }'];

test('there are twelve usual apps or more', () => {
  expect(USUAL_APPS.length).toBeGreaterThanOrEqual(12);
});

/** The pod template of a workload, also of one that makes jobs. */
const templateOf = ({ spec }: Manifest): Manifest => spec?.jobTemplate?.spec?.template ?? spec?.template;

describe.each(USUAL_APPS)('%s', (app) => {
  test.each(PLATFORMS)('breaks no rule and fits its quota, with %j', (settings) => {
    const { denied, findings } = compileUsual(app, settings);
    expect([denied, findings]).toEqual([false, []]);
  });

  test('each container runs as nobody in particular, writes only where it may, and pulls one image', () => {
    const pods = objectsOf(app).flatMap((object) => templateOf(object)?.spec ?? []);
    expect(pods.length).toBeGreaterThan(0);
    for (const pod of pods) {
      for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
        expect(container.securityContext).toMatchObject({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(pod.securityContext?.runAsNonRoot || container.securityContext.runAsNonRoot).toBe(true);
        expect(container.image).toMatch(/^ghcr\.io\/acme\/[a-z-]+(:pr-7-a1b2c3d|@sha256:[0-9a-f]{64})$/);
        expect(JSON.stringify(container)).not.toContain('${');
      }
    }
  });

  test('every route leads to a Service, and every Service to pods', () => {
    const all = objectsOf(app);
    const services = all.filter(({ kind }) => kind === 'Service');
    for (const { spec } of all.filter(({ kind }) => kind === 'Ingress')) {
      for (const { http } of spec.rules) {
        for (const { backend } of http.paths) {
          const target = services.find(({ metadata }) => metadata.name === backend.service.name);
          expect(target, backend.service.name).toBeDefined();
          const { name, number } = backend.service.port;
          expect(target.spec.ports.some((port: Manifest) => port.name === name || port.port === number)).toBe(true);
        }
      }
    }
    const labels = all.flatMap((object) => templateOf(object)?.metadata?.labels ?? []);
    for (const { spec } of services.filter(({ apiVersion }) => apiVersion === 'v1')) {
      const chosen = labels.filter((each) => Object.entries(spec.selector).every(([k, v]) => each[k] === v));
      expect(chosen).toHaveLength(1);
    }
  });
});

describe('what each is for', () => {
  const env = (app: string, name = `Deployment/pr-${app}-7`) => {
    const object = objectsOf(app).find(({ kind, metadata }) => `${kind}/${metadata.name}` === name);
    const [container] = object.spec.template.spec.containers;
    return Object.fromEntries(container.env.map((v: Manifest) => [v.name, v.value]));
  };

  test('an app knows its own address', () => {
    expect(env('nextjs')['NEXTAUTH_URL']).toBe('https://pr-nextjs-7.apps.example.com');
    expect(env('django')['ALLOWED_HOSTS']).toBe('pr-django-7.apps.example.com');
    expect(compileUsual('base-path').url).toBe('https://pr-base-path-7.apps.example.com/docs');
  });

  test('web process and worker share the queue', () => {
    const url = 'redis://pr-rails-7-jobs:6379/0';
    expect([env('rails')['REDIS_URL'], env('rails', 'Deployment/pr-rails-7-sidekiq')['REDIS_URL']]).toEqual([url, url]);
  });

  test('the gate is in front of the preview', () => {
    const [ingress] = objectsOf('auth-gate').filter(({ kind }) => kind === 'Ingress');
    expect(ingress.metadata.annotations).toHaveProperty(['nginx.ingress.kubernetes.io/auth-url']);
  });
});
