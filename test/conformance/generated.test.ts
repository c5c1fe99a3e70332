import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Chart } from 'cdk8s';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PullRequestPreviews } from '../../lib/constructs/pull-request-previews/index.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { crdFiles, crdSources } from './crds.ts';
import { eventually } from './eventually.ts';
import { anyPreviews, configuration, previews, scaffolds, usualApps } from './generated/configurations.ts';
import { constraintDefinition } from './generated/constraints.ts';
import { kubeconform } from './kubeconform.ts';
import { mapLimited } from './policies/admission.ts';
import { ApiServer, type Manifest } from './policies/api-server.ts';

/** Group and kind of what must be among it; a configuration that is not there would judge nothing. */
const EXPECTED = [
  '/Namespace',
  '/Service',
  'apps/Deployment',
  'argoproj.io/AppProject',
  'argoproj.io/Application',
  'argoproj.io/ApplicationSet',
  'cert-manager.io/Certificate',
  'constraints.gatekeeper.sh/GreenroomNoNodePort',
  'external-secrets.io/ExternalSecret',
  'gateway.networking.k8s.io/Gateway',
  'gateway.networking.k8s.io/HTTPRoute',
  'kyverno.io/ClusterPolicy',
  'networking.k8s.io/Ingress',
  'kustomize.toolkit.fluxcd.io/Kustomization',
  'policies.kyverno.io/DeletingPolicy',
  'policies.kyverno.io/ValidatingPolicy',
  'serving.knative.dev/DomainMapping',
  'serving.knative.dev/Service',
  'templates.gatekeeper.sh/ConstraintTemplate',
];

/** The engine `kyverno-legacy` is for clusters that have nothing newer. */
const DEPRECATED = /^kyverno.io\/v1 ClusterPolicy is deprecated/;

/** An object that is generated in some configuration; the same text is judged once. */
interface Generated {
  /** The first configuration that has it, and its path there. */
  readonly where: string;
  readonly text: string;
  readonly object: Manifest;
}

const generated: Generated[] = [];
let files = 0;
let cluster: Cluster;
let api: ApiServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'greenroom-generated-'));
  collect();
  cluster = await startCluster({ controllerManager: true });
  const { users } = JSON.parse(readFileSync(cluster.kubeconfig, 'utf8'));
  api = new ApiServer({ server: cluster.server, token: users[0].user.token });
  for (const source of crdSources) {
    for (const file of await crdFiles(source)) await cluster.apply(readFileSync(file, 'utf8'));
  }
  for (const { object } of generated.filter((g) => g.object.kind === 'ConstraintTemplate')) {
    await api.apply(await constraintDefinition(object));
  }
  const namespaces = new Set(generated.flatMap(({ object }) => object.metadata.namespace ?? []));
  // As fences are: what Pod Security has against a workload comes back as a warning.
  const restricted = {
    'pod-security.kubernetes.io/warn': 'restricted',
    'pod-security.kubernetes.io/enforce': 'restricted',
  };
  for (const name of namespaces) {
    const labels = name.startsWith('pr-') ? restricted : {};
    await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  }
});
afterAll(async () => {
  api?.close();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Manifests only: greenroom's own files, workflows and notes have judges of their own. */
function collect(): void {
  const seen = new Set<string>();
  for (const [label, path, text] of all()) {
    if (!/^(bootstrap|policies|previews)\/.*\.yaml$/.test(path)) continue;
    files++;
    if (seen.has(text)) continue;
    seen.add(text);
    generated.push({ where: `${path} (${label})`, text, object: parse(text) });
  }
}

function* all(): Generator<[label: string, path: string, text: string]> {
  yield* scaffolds();
  yield* previews();
  yield* usualApps();
  yield* anyPreviews();
}

describe('every file that is generated in any configuration', () => {
  it('covers each engine, route, template and mechanism', () => {
    console.log(`generated: ${files} files, ${generated.length} of them different`);
    const kinds = new Set(generated.map(({ object }) => `${object.apiVersion.split('/').at(-2) ?? ''}/${object.kind}`));
    expect(EXPECTED.filter((kind) => !kinds.has(kind))).toEqual([]);
  });

  it('is what the strict schemas of Kubernetes and of the real definitions say', async () => {
    const judged = generated.filter(({ object }) => !object.apiVersion.startsWith('constraints.gatekeeper.sh/'));
    judged.forEach(({ text }, i) => {
      writeFileSync(join(folder, `${i}.yaml`), text);
    });
    const invalid = await kubeconform([folder]);
    const where = (file: string) => judged[Number(/(\d+)\.yaml$/.exec(file)![1])]!.where;
    expect(invalid.map(({ file, message }) => `${where(file)}: ${message}`)).toEqual([]);
  });

  it('is taken by a real API server, without a warning', async () => {
    for (const { object } of generated) {
      await eventually(() => api.serves(object), { what: `the API server to serve ${object.kind}` });
    }
    const complaints = await mapLimited(generated, 8, async ({ where, object }) => {
      const { status, body, warnings } = await api.tryApply(object);
      return status === 200 || status === 201
        ? warnings.filter((warning) => !DEPRECATED.test(warning)).map((warning) => `${where}: ${warning}`)
        : [`${where}: ${JSON.stringify(body)}`];
    });
    expect(complaints.flat()).toEqual([]);
  });

  it('is refused by both when it holds a field that its kind does not have', async () => {
    const { object, text } = generated.find((g) => g.object.kind === 'HTTPRoute')!;
    const route = { ...object, spec: { ...(object['spec'] as object), hostname: 'x' } } as Manifest;
    const bad = join(folder, 'bad.json');
    writeFileSync(bad, JSON.stringify(route));
    expect(await kubeconform([bad])).toHaveLength(1);
    rmSync(bad);
    expect((await api.tryApply(route)).body).toContain('.spec.hostname: field not declared in schema');
    expect((await api.tryApply(parse(text))).status).toBeLessThan(300);
  });
});

describe('previews from pull requests', () => {
  it('are made of objects that both take', async () => {
    const { platform } = configuration({});
    const made = new PullRequestPreviews(new Chart(new App(), 'shop'), 'shop', {
      platform,
      repoUrl: 'https://github.com/acme/previews.git',
      repository: {
        owner: 'acme',
        name: 'shop',
        id: 42,
        url: 'https://github.com/acme/shop.git',
        path: 'k8s',
        labels: ['preview'],
        credential: { appSecretName: 'github-app' },
      },
    });
    const objects = made.apiObjects.map((object) => object.toJson() as Manifest);
    const file = join(folder, 'pull-requests.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    expect(await kubeconform([file])).toEqual([]);
    rmSync(file);
    for (const object of objects) expect(await api.tryApply(object)).toMatchObject({ warnings: [], status: 201 });
  });
});
