import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crdFiles, crdSources } from './crds.ts';
import { type JudgeName, judge } from './judges.ts';
import { kubeconform } from './kubeconform.ts';
import { tryRun } from './run.ts';

let folder: string;
const programs = new Map<JudgeName, string>();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'greenroom-judges-'));
  for (const name of ['kubeconform', 'yamlread', 'actionlint', 'gator', 'kyverno', 'kustomize', 'helm'] as const) {
    programs.set(name, await judge(name));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, ...objects: readonly (object | string)[]): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  const text = objects.map((object) => (typeof object === 'string' ? object : JSON.stringify(object))).join('\n---\n');
  writeFileSync(file, `${text}\n`);
  return file;
}

const tell = (name: JudgeName, ...args: readonly string[]) =>
  tryRun(programs.get(name) as string, args, { cwd: folder });

function deployment(container: object = {}): object {
  const labels = { app: 'web' };
  const containers = [{ name: 'web', image: 'ghcr.io/acme/web:1', ...container }];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  };
}

describe('kubeconform', () => {
  it('accepts core and custom resources', async () => {
    const probe = { httpGet: { path: '/', port: 'http' } };
    const good = write(
      'good.yaml',
      deployment({ livenessProbe: probe, resources: { limits: { cpu: 1, memory: '1Gi' } } }),
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
      {
        apiVersion: 'external-secrets.io/v1',
        kind: 'ExternalSecret',
        metadata: { name: 'web' },
        spec: { secretStoreRef: { kind: 'ClusterSecretStore', name: 'vault' }, data: [] },
      },
    );
    expect(await kubeconform([good])).toEqual([]);
  });

  it.each([
    ['an unknown field', deployment({ imagePolicy: 'Always' }), 'imagePolicy'],
    ['a wrong type', deployment({ stdin: 'yes' }), '/spec/template/spec/containers/0/stdin'],
    ['an unknown field of a custom resource', httpRoute({ hostname: 'a.example.com' }), 'hostname'],
    ['an unknown field of a custom resource metadata', httpRoute({}, { label: {} }), 'label'],
    ['an unknown kind', { apiVersion: 'example.com/v1', kind: 'Shop', metadata: { name: 'a' } }, 'schema'],
  ])('refuses %s', async (_, object, said) => {
    const invalid = await kubeconform([write('bad.yaml', object)]);
    expect(invalid).toHaveLength(1);
    expect(invalid[0]?.message).toContain(said);
  });

  it('does not pass over emptiness', async () => {
    await expect(kubeconform([write('empty.yaml', '# nothing')])).rejects.toThrow('no object');
  });

  function httpRoute(spec: object, metadata: object = {}): object {
    const kind = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' };
    return { ...kind, metadata: { name: 'web', ...metadata }, spec };
  }
});

describe('custom resource definitions', () => {
  it.each(crdSources)('of %s are in its module', async (source) => {
    expect(await crdFiles(source)).not.toEqual([]);
  });
});

describe('yamlread', () => {
  it('prints what Kubernetes reads, and refuses a key that is given twice', async () => {
    const read = await tell('yamlread', write('read.yaml', 'a: off', 'b: [0o17]'), write('twice.yaml', 'a: 1\na: 2'));
    const [good, bad] = JSON.parse(read.stdout) as { documents: unknown[]; error?: string }[];
    expect(good?.documents).toEqual([{ a: false }, { b: [15] }]);
    expect(bad?.error).toContain('already set');
  });
});

describe('actionlint', () => {
  const workflow = (runner: string) => `on: push\njobs:\n  a:\n    runs-on: ${runner}\n    steps:\n      - run: 'true'`;

  it('tells a good workflow from a bad one', async () => {
    expect((await tell('actionlint', write('good-workflow.yaml', workflow('ubuntu-latest')))).code).toBe(0);
    const bad = await tell('actionlint', write('bad-workflow.yaml', `${workflow('ubuntu-latest')}\n    need: b`));
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain('unexpected key "need"');
  });
});

describe('policy engines', () => {
  const expression = "object.spec.template.spec.containers.all(c, c.image.startsWith('ghcr.io/acme/'))";

  it('Kyverno tells a good object from a bad one', async () => {
    const policy = write('kyverno/policy.yaml', {
      apiVersion: 'policies.kyverno.io/v1',
      kind: 'ValidatingPolicy',
      metadata: { name: 'registries' },
      spec: {
        matchConstraints: {
          resourceRules: [
            { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] },
          ],
        },
        validations: [{ expression, message: 'only our registry' }],
        validationActions: ['Deny'],
      },
    });
    const good = await tell('kyverno', 'apply', policy, `--resource=${write('kyverno/good.yaml', deployment())}`);
    expect(good.stdout).toContain('pass: 1, fail: 0');
    expect(good.code).toBe(0);
    const object = write('kyverno/bad.yaml', deployment({ image: 'nginx' }));
    const bad = await tell('kyverno', 'apply', policy, `--resource=${object}`);
    expect(bad.stdout).toContain('pass: 0, fail: 1');
    expect(bad.code).toBe(1);
  });

  it('gator tells a good object from a bad one', async () => {
    const source = {
      validations: [{ expression: expression.replaceAll('object.', 'variables.anyObject.'), message: 'no' }],
    };
    const policy = write(
      'gator/policy.yaml',
      {
        apiVersion: 'templates.gatekeeper.sh/v1',
        kind: 'ConstraintTemplate',
        metadata: { name: 'registries' },
        spec: {
          crd: { spec: { names: { kind: 'Registries' } } },
          targets: [{ target: 'admission.k8s.gatekeeper.sh', code: [{ engine: 'K8sNativeValidation', source }] }],
        },
      },
      {
        apiVersion: 'constraints.gatekeeper.sh/v1beta1',
        kind: 'Registries',
        metadata: { name: 'registries' },
        spec: { match: { kinds: [{ apiGroups: ['apps'], kinds: ['Deployment'] }] } },
      },
    );
    const good = await tell('gator', 'test', '-f', policy, '-f', write('gator/good.yaml', deployment()));
    expect(good).toMatchObject({ code: 0, stdout: '' });
    const object = write('gator/bad.yaml', deployment({ image: 'nginx' }));
    const bad = await tell('gator', 'test', '-f', policy, '-f', object);
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain('["registries"] Message: "no"');
  });
});

describe('kustomize and helm', () => {
  it('kustomize builds a folder and refuses a missing file', async () => {
    write('kustomize/deployment.yaml', deployment());
    const kustomization = { resources: ['deployment.yaml'], namePrefix: 'pr-' };
    write('kustomize/kustomization.yaml', kustomization);
    expect((await tell('kustomize', 'build', 'kustomize')).stdout).toContain('name: pr-web');
    write('kustomize/kustomization.yaml', { ...kustomization, resources: ['missing.yaml'] });
    expect((await tell('kustomize', 'build', 'kustomize')).code).toBe(1);
  });

  it('helm renders a chart and refuses a broken template', async () => {
    write('chart/Chart.yaml', { apiVersion: 'v2', name: 'web', version: '1.0.0' });
    write('chart/templates/map.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}');
    expect((await tell('helm', 'template', 'shop', 'chart')).stdout).toContain('metadata: {name: shop}');
    write('chart/templates/map.yaml', '{{ .Release.Name');
    expect((await tell('helm', 'template', 'shop', 'chart')).code).toBe(1);
  });
});
