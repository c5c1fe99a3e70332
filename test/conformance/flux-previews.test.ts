import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCompiler } from '../../lib/compile/compile.ts';
import type { CompiledPreview, Compiler } from '../../lib/compile/compiler.ts';
import type { FileSet } from '../../lib/core/fileset.ts';
import { loadPlatform, loadPreview } from '../../lib/model/files.ts';
import { init } from '../../lib/scaffold/init.ts';
import { manifests } from '../support/inputs.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { crdFiles } from './crds.ts';
import { eventually } from './eventually.ts';
import { type Flux, startFlux } from './flux.ts';
import { judge } from './judges.ts';
import { kubeconform } from './kubeconform.ts';
import { startKyverno } from './kyverno.ts';
import { clusterScript } from './readme.ts';
import { run } from './run.ts';

const DAY = 86_400;
const now = () => Math.floor(Date.now() / 1000);
/** @param recipient of the key with which Flux decrypts */
const platformOf = (recipient: string) => `apiVersion: greenroom.dev/v1alpha1
kind: Platform
spec:
  domain: apps.example.com
  sources: [{ owner: acme }]
  registries: [ghcr.io/acme]
  reconciler: flux
  policies: { engines: [kyverno], contact: "@platform" }
  cleaner: { schedule: "* * * * *" }
  secrets: { mechanism: sops, sops: { recipients: [${recipient}] } }
`;

// biome-ignore lint/suspicious/noExplicitAny: objects of the API server are read as plain data
type Json = any;

let cluster: Cluster;
let flux: Flux;
let compile: Compiler;
let dir: string;
let scaffold: FileSet;
/** The apps repo's previews, as its branch holds them. */
const previews = new Map<number, CompiledPreview>();

function preview(number: number, expires = now() + DAY, secret?: string): CompiledPreview {
  const at = expires - DAY;
  return compile({
    preview: loadPreview(
      `apiVersion: greenroom.dev/v1alpha1\nkind: Preview\nspec: { template: web-service, image: ghcr.io/acme/shop, port: 8080${secret === undefined ? '' : ', manifests: k8s'} }\n`,
      'preview.yaml',
    ),
    manifests: secret === undefined ? null : manifests({ 'k8s/secret.yaml': secret }),
    identity: { repositoryId: 1, owner: 'acme', repository: 'shop', number },
    headSha: 'a'.repeat(40),
    author: 'maker',
    labels: [],
    times: { createdAt: at, updatedAt: at, committedAt: at },
  });
}

const branch = () => new Map([...scaffold, ...[...previews.values()].flatMap(({ files }) => [...files])]);
const push = (past: FileSet = new Map()) => flux.publish(new Map([...branch(), ...past]));
const get = async (kind: string, name: string, namespace?: string): Promise<Json | undefined> => {
  const place = namespace === undefined ? [] : [`--namespace=${namespace}`];
  const found = await cluster.kubectl(['get', kind, name, ...place, '--ignore-not-found', '--output=json']);
  return found === '' ? undefined : JSON.parse(found);
};
const kustomization = (name: string) => get('kustomization', name, 'flux-system');
const ready = (object: Json | undefined) => object?.status?.conditions?.find((c: Json) => c.type === 'Ready');
const running = (name: string) => async () => {
  const found = await kustomization(name);
  if (ready(found)?.status === 'True') return (await get('deployment', name, name)) !== undefined;
  throw new Error(
    JSON.stringify([ready(found), ready(await kustomization(`${name}-fence`)), ready(await kustomization('previews'))]),
  );
};
const gone = (name: string) => async () =>
  (await get('namespace', name)) === undefined &&
  (await kustomization(name)) === undefined &&
  (await kustomization(`${name}-fence`)) === undefined &&
  (await get('serviceaccount', name, 'flux-system')) === undefined;
const may = async (account: string, verb: string, resource: string, namespace: string) =>
  (
    await cluster.tryKubectl([
      ...['auth', 'can-i', verb, resource, `--namespace=${namespace}`],
      `--as=system:serviceaccount:flux-system:${account}`,
    ])
  ).stdout.trim() === 'yes';

/** The file with the private key, and the recipient that belongs to it. */
let age: { file: string; recipient: string };

/** A Secret as a maker encrypts it, with the settings of the documentation. */
async function encrypted(): Promise<string> {
  const docs = readFileSync(join(import.meta.dirname, '../../docs/secrets.md'), 'utf8');
  const [, rules = ''] = /```yaml no-run\n(# \.sops\.yaml\n[\s\S]*?)```/.exec(docs) ?? [];
  const config = join(dir, '.sops.yaml');
  const file = join(dir, 'secret.yaml');
  writeFileSync(config, rules.replace(/age1\w+/, age.recipient));
  writeFileSync(
    file,
    'apiVersion: v1\nkind: Secret\nmetadata: { name: preview-secrets }\nstringData: { stripe: hunter2 }\n',
  );
  return run(await judge('sops'), ['--config', config, 'encrypt', file]);
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'greenroom-flux-'));
  const keys = await run(await judge('age-keygen'), []);
  age = { file: join(dir, 'age.agekey'), recipient: /age1\w+/.exec(keys)![0] };
  writeFileSync(age.file, keys);
  const PLATFORM = platformOf(age.recipient);
  const { files } = await init({ dir, version: '0.1.0', platform: PLATFORM });
  scaffold = new Map(files.map(({ path, text }) => [path, text ?? '']));
  compile = createCompiler({ platform: loadPlatform(PLATFORM, 'greenroom.yaml').value.spec, now: now() });
  cluster = await startCluster({ controllerManager: true });
  for (const file of await crdFiles('cert-manager')) await cluster.apply(readFileSync(file, 'utf8'));
  await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ingress-nginx' } }));
  await startKyverno(cluster, { cleanup: true });
  flux = await startFlux(cluster);
  await cluster.kubectl(['apply', '--server-side', `--filename=${join(dir, 'bootstrap/install/clusters/main')}`]);
  // The command of the apps repo's README.
  await cluster.kubectl([
    ...['create', 'secret', 'generic', 'sops-age', '--namespace=flux-system', `--from-file=age.agekey=${age.file}`],
  ]);
  previews.set(7, preview(7)).set(8, preview(8));
  await push();
});

afterAll(async () => {
  await flux?.stop();
  await cluster?.stop();
  if (dir) rmSync(dir, { recursive: true });
});

describe('an apps repo for Flux', () => {
  it('is valid by the schemas of Flux, Kyverno and Kubernetes', async () => {
    expect(await kubeconform([join(dir, 'bootstrap'), join(dir, 'policies')])).toEqual([]);
  });

  it('is applied by Flux: guards, policies, previews', async () => {
    const start = performance.now();
    for (const name of ['pr-shop-7', 'pr-shop-8']) {
      await eventually(running(name), { what: `${name} to run`, timeoutMs: 600_000, everyMs: 1000 });
    }
    console.log(`two previews on a new cluster: ${((performance.now() - start) / 1000).toFixed(0)} s`);
    for (const name of ['greenroom-policies-kyverno', 'previews']) {
      expect(ready(await kustomization(name))).toMatchObject({ status: 'True' });
    }
    expect(await get('validatingadmissionpolicy', 'greenroom-own-application')).toBeDefined();
    expect(await get('validatingpolicy', 'greenroom-no-privileged')).toBeDefined();
  });

  it('has each fence stand before its app', async () => {
    const made = async (kind: string, name: string) =>
      Date.parse((await get(kind, name, 'pr-shop-7'))?.metadata.creationTimestamp);
    const app = await made('deployment', 'pr-shop-7');
    for (const [kind, name] of [
      ['resourcequota', 'preview'],
      ['networkpolicy', 'default-deny'],
      ['rolebinding', 'preview-reconciler'],
    ] as const) {
      expect(await made(kind, name), kind).toBeLessThanOrEqual(app);
    }
    expect((await kustomization('pr-shop-7')).spec.dependsOn).toEqual([{ name: 'pr-shop-7-fence' }]);
  });

  it('gives each preview an account that reaches no further than its namespace', async () => {
    expect(await may('pr-shop-7', 'create', 'deployments', 'pr-shop-7')).toBe(true);
    expect(await may('pr-shop-7', 'create', 'deployments', 'pr-shop-8')).toBe(false);
    for (const resource of ['resourcequotas', 'networkpolicies', 'rolebindings']) {
      expect(await may('pr-shop-7', 'update', resource, 'pr-shop-7'), resource).toBe(false);
    }
    expect(await may('preview-fencer', 'create', 'deployments', 'pr-shop-7')).toBe(false);
    expect(await may('preview-index', 'create', 'serviceaccounts', 'flux-system')).toBe(false);
  });
});

describe('what sops has encrypted', () => {
  it('is decrypted by Flux, into the Secret that the app reads, and is plain nowhere else', async () => {
    const secret = await encrypted();
    expect(secret).not.toContain('hunter2');
    previews.set(9, preview(9, now() + DAY, secret));
    await push();
    await eventually(running('pr-shop-9'), { what: 'pr-shop-9 to run', timeoutMs: 240_000, everyMs: 1000 });
    const made = await get('secret', 'preview-secrets', 'pr-shop-9');
    expect(Buffer.from(made.data.stripe, 'base64').toString()).toBe('hunter2');
    expect(made.sops).toBeUndefined();
    expect([...branch().values()].join('\n')).not.toContain('hunter2');
    previews.delete(9);
    await push();
    await eventually(gone('pr-shop-9'), { what: 'pr-shop-9 to be gone', everyMs: 1000 });
  });
});

/** The fencer is held to previews, and to the shape of a fence; the API server says which of the two it met first. */
const GUARDED = /may only change previews|ValidatingAdmissionPolicy 'greenroom-fence'/;

describe('what is pushed past greenroom', () => {
  const folder = 'previews/main/shop/pr-shop-8';
  const refused = async (name: string, sentence: RegExp) => {
    const { message } = await eventually(
      async () => {
        const condition = ready(await kustomization(name));
        return condition?.status === 'False' && sentence.test(condition.message) && condition;
      },
      { what: `${name} to be refused (${sentence})`, timeoutMs: 240_000, everyMs: 1000 },
    );
    expect(message).toMatch(sentence);
  };

  it.each<[string, string, string, string, RegExp]>([
    [
      'a quota of the maker’s own',
      'pr-shop-8',
      `${folder}/app/intruder.yaml`,
      'apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: intruder }\nspec: { hard: { pods: "1000" } }\n',
      /forbidden/i,
    ],
    [
      'a fence around another namespace',
      'pr-shop-8-fence',
      `${folder}/fence/intruder.yaml`,
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: kube-public, labels: { greenroom.dev/preview: kube-public } }\n',
      GUARDED,
    ],
    [
      'an account for somebody else beside Flux',
      'pr-shop-8-fence',
      `${folder}/fence/intruder.yaml`,
      'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: intruder, namespace: flux-system }\n',
      GUARDED,
    ],
    [
      'a Kustomization with the rights of the platform',
      'previews',
      `${folder}/flux/intruder.yaml`,
      `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: pr-shop-80, namespace: flux-system }
spec:
  interval: 10m
  prune: true
  path: ./previews/main/shop/pr-shop-8/app
  sourceRef: { kind: GitRepository, name: previews }
  serviceAccountName: greenroom-cluster
`,
      /an Application or Kustomization of a preview has another|another project, source, path or destination/,
    ],
    [
      'a Kustomization that is no preview’s',
      'previews',
      `${folder}/flux/intruder.yaml`,
      `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: mine, namespace: flux-system }
spec:
  interval: 10m
  prune: true
  path: ./bootstrap
  sourceRef: { kind: GitRepository, name: previews }
  serviceAccountName: greenroom-cluster
`,
      /may write only the Kustomizations of previews/,
    ],
  ])('is refused: %s', async (_, name, path, text, sentence) => {
    await push(new Map([[path, text]]));
    await refused(name, sentence);
    await push();
    await eventually(async () => ready(await kustomization(name))?.status === 'True', {
      what: `${name} to be well again`,
      timeoutMs: 240_000,
      everyMs: 1000,
    });
    expect(await get('resourcequota', 'intruder', 'pr-shop-8')).toBeUndefined();
    expect((await get('namespace', 'kube-public'))?.metadata.labels).not.toHaveProperty('greenroom.dev/preview');
  });
});

describe('the end of a preview under Flux', () => {
  it('goes without a trace when its folder goes, and touches no neighbour', async () => {
    const neighbour = (await get('deployment', 'pr-shop-8', 'pr-shop-8'))?.metadata.uid;
    previews.delete(7);
    const start = performance.now();
    await push();
    await eventually(gone('pr-shop-7'), { what: 'pr-shop-7 to be gone', everyMs: 1000 });
    console.log(`close: gone after ${((performance.now() - start) / 1000).toFixed(1)} s`);
    expect((await get('deployment', 'pr-shop-8', 'pr-shop-8'))?.metadata.uid).toBe(neighbour);
  });

  it('comes back when it is opened again', async () => {
    previews.set(7, preview(7));
    await push();
    await eventually(running('pr-shop-7'), { what: 'pr-shop-7 to run again', everyMs: 1000 });
  });

  it('stays ended past its time, though Flux heals and Git still holds it', async () => {
    // Nobody pushed for so long that its time is up: the same folder, an hour later.
    previews.set(7, preview(7, now() - 3600));
    await push();
    await eventually(async () => (await get('namespace', 'pr-shop-7')) === undefined, {
      what: 'Kyverno to end pr-shop-7',
      timeoutMs: 240_000,
      everyMs: 1000,
    });
    const fence = await eventually(
      async () => {
        const condition = ready(await kustomization('pr-shop-7-fence'));
        if (condition?.status === 'False') return condition;
        await cluster.kubectl([
          ...['annotate', 'kustomization', 'pr-shop-7-fence', '--namespace=flux-system', '--overwrite'],
          `reconcile.fluxcd.io/requestedAt=${Date.now()}`,
        ]);
        return false;
      },
      { what: 'Flux to try to restore it', timeoutMs: 240_000, everyMs: 3000 },
    );
    expect(fence.message).toMatch(/preview pr-shop-7 ended at .*; a push to its pull request starts it again/);
    await new Promise((resolve) => setTimeout(resolve, 35_000));
    expect(await get('namespace', 'pr-shop-7')).toBeUndefined();
    expect(await get('deployment', 'pr-shop-8', 'pr-shop-8')).toBeDefined();
    // The sweep removes the folder at last.
    previews.delete(7);
    await push();
    await eventually(gone('pr-shop-7'), { what: 'pr-shop-7 to be gone', everyMs: 1000 });
  });

  it('lets the last preview go as well', async () => {
    previews.clear();
    await push();
    await eventually(gone('pr-shop-8'), { what: 'pr-shop-8 to be gone', everyMs: 1000 });
    await eventually(async () => ready(await kustomization('previews'))?.status === 'True', {
      what: 'an index without previews to be well',
      timeoutMs: 60_000,
    });
  });
});

describe('an apps repo for Flux that nobody needs any more', () => {
  it('is taken down by the commands of its README', async () => {
    previews.set(8, preview(8));
    await push();
    await eventually(running('pr-shop-8'), { what: 'pr-shop-8 to run', everyMs: 1000 });
    const path = `${dirname(await judge('kubectl'))}:${process.env['PATH']}`;
    for (const { text } of clusterScript(dir, 'To take it all down')) {
      const env = { KUBECONFIG: cluster.kubeconfig, HOME: cluster.folder, PATH: path };
      await run('bash', ['-e', '-c', text], { cwd: dir, env });
    }
    const kinds = 'kustomization,gitrepository,serviceaccount,role,rolebinding,clusterrole,clusterrolebinding';
    const policies = 'validatingpolicy,deletingpolicy,validatingadmissionpolicy,validatingadmissionpolicybinding';
    const left = await cluster.kubectl(['get', `${kinds},${policies},namespace`, '--all-namespaces', '--output=name']);
    expect(left.split('\n').filter((name) => /greenroom|preview|pr-shop/.test(name))).toEqual([]);
  });
});
