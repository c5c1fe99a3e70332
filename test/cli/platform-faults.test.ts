import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inProcess } from '../support/command.ts';
import { commitFiles, tempFolder } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

// The command reads the real clock: pull requests are opened now.
const NOW = Math.floor(Date.now() / 1000) - 60;

/** Settings that cannot be right together, the line that is at fault (the first six are the smallest platform), and words. */
const WRONG: readonly [what: string, extra: string, line: number, words: string][] = [
  [
    'a size with requests above its limits',
    'sizes:\n  tiny:\n    requests: { cpu: "2", memory: 1Gi }\n    limits: { cpu: 100m, memory: 2Gi }',
    9,
    'spec.sizes.tiny.requests.cpu: must not be above the limit of 100m; found 2',
  ],
  [
    'a size above what one container may have',
    'sizes: { huge: { requests: { cpu: "2", memory: 2Gi }, limits: { cpu: "2", memory: 8Gi } } }',
    7,
    'must not be above namespace.limitRange.max.memory, which is 2Gi; found 8Gi',
  ],
  [
    'a size of too high a ratio',
    'sizes: { odd: { requests: { cpu: 10m, memory: 1Gi }, limits: { cpu: "1", memory: 1Gi } } }',
    7,
    'must be at most 10 times its request',
  ],
  [
    'a size taken away, and with it the last',
    'sizes: { small: null, medium: null, large: null }',
    7,
    'spec.sizes: must name',
  ],
  [
    'a bound below every size',
    'policies:\n  parameters:\n    maxSize: { cpu: 50m }',
    9,
    'spec.policies.parameters.maxSize.cpu: leaves no size: the smallest default has a limit of 500m',
  ],
  [
    'a ratio that no size keeps',
    'policies:\n  parameters:\n    limitRequestRatio: { cpu: 1 }',
    9,
    'spec.policies.parameters.limitRequestRatio.cpu: leaves no size',
  ],
  [
    'a size that no cluster takes',
    'sizes: { huge: { requests: { cpu: "1", memory: 1Gi }, limits: { cpu: "2", memory: 2Gi } } }\nclusters:\n  - { name: a, server: "https://a.example.com", when: { sizes: [small] } }',
    7,
    'spec.sizes.huge: is accepted by no cluster',
  ],
  [
    'a template that no cluster takes',
    'clusters:\n  - { name: a, server: "https://a.example.com", when: { templates: [worker] } }',
    8,
    'spec.clusters: lets no preview of the template',
  ],
  [
    'a quota that no size fits into',
    'namespace:\n  quota:\n    limits.memory: 100Mi',
    9,
    'spec.namespace.quota["limits.memory"]: lets no preview of the template',
  ],
  [
    'a quota without room for a Service',
    'namespace: { quota: { pods: "20", services: "0" } }',
    7,
    'spec.namespace.quota.services: lets no preview of the template',
  ],
  ['spot nodes by a label that is none', 'spot: { label: { key: "-", value: x } }', 7, 'spec.spot: lets no preview'],
  [
    'less of a disk than each container has',
    'policies: { parameters: { maxStorage: 1Mi } }',
    7,
    'spec.policies.parameters.maxStorage: lets no preview of the template',
  ],
  [
    'no time to end',
    'policies: { parameters: { gracePeriodSeconds: 0 } }',
    7,
    'spec.policies.parameters.gracePeriodSeconds: lets no preview of the template',
  ],
  [
    'a reconciler that does not end previews',
    'policies:\n  engines: [vap]\nreconciler: flux',
    8,
    'spec.policies.engines: must contain kyverno',
  ],
  ['nobody to ask', 'policies: { contact: " " }', 7, 'spec.policies.contact: must name a contact'],
  [
    'keys of the platform’s own tools',
    'policies: { parameters: { keys: [acme.example/, evidence.greenroom.dev/] } }',
    7,
    'spec.policies.parameters.keys[1]: cannot be allowed: keys that begin with greenroom.dev/',
  ],
  [
    'a kind without its group',
    'policies: { parameters: { allowedKinds: { Ingress: true } } }',
    7,
    'allowedKinds.Ingress: is not a kind of objects in namespaces; found Ingress; did you mean networking.k8s.io/Ingress?',
  ],
  [
    'a kind of a group that is gone',
    'policies: { parameters: { allowedKinds: [ConfigMap, extensions/Ingress] } }',
    7,
    'allowedKinds[1]: is not a kind of objects in namespaces; found extensions/Ingress; did you mean networking.k8s.io/Ingress?',
  ],
  [
    'a misspelt kind',
    'policies: { parameters: { allowedKinds: { apps/Daemonset: true } } }',
    7,
    'found apps/Daemonset; did you mean apps/DaemonSet?',
  ],
  [
    'a controller in the place of a preview',
    'ingress: { controllerNamespace: pr-nginx-1 }',
    7,
    'spec.ingress.controllerNamespace: must not start with pr-',
  ],
  ['an apps repo without an address', 'appsRepo: { url: ./previews }', 7, 'spec.appsRepo.url: must be an address'],
  [
    'more slots for one than for all',
    'slots: { total: 5, perAuthor: 6 }',
    7,
    'spec.slots.perAuthor: must not be above',
  ],
  [
    'more for one preview than for all',
    'cost: { budgets: { perPreviewDay: 5, totalDay: 4 } }',
    7,
    'spec.cost.budgets.perPreviewDay: must not be above cost.budgets.totalDay, which is 4; found 5',
  ],
  [
    'clusters that shadow each other',
    'clusters:\n  - { name: a, server: "https://a.example.com" }\n  - { name: b, server: "https://b.example.com" }',
    9,
    'spec.clusters[1]: never gets a preview',
  ],
  [
    'clusters that shadow each other together',
    'clusters:\n  - { name: a, server: "https://a.example.com", when: { sizes: [small, medium] } }\n  - { name: c, server: "https://c.example.com", when: { sizes: [large] } }\n  - { name: b, server: "https://b.example.com", when: { labels: [big] } }',
    10,
    'spec.clusters[2]: never gets a preview',
  ],
  [
    'a cluster for a size that there is not',
    'clusters:\n  - { name: a, server: "https://a.example.com", when: { sizes: [huge] } }',
    8,
    'spec.clusters[0].when.sizes[0]: is not a size of this platform; found "huge", there are small, medium, large',
  ],
  [
    'drained clusters only',
    'clusters: [{ name: a, server: "https://a.example.com", drain: true }]',
    7,
    'all of them are drained',
  ],
  ['signatures of nobody', 'evidence: { require: [digest, signature] }', 7, 'which must be signed: name the signers'],
  ['egress into the cluster', 'egress:\n  - cidr: 10.2.0.0/16', 8, 'spec.egress[0].cidr: is inside 10.0.0.0/8'],
  [
    'egress to the metadata of a cloud',
    'egress:\n  - { cidr: 203.0.113.0/24 }\n  - { cidr: 169.254.169.254/32, ports: [80] }',
    9,
    'spec.egress[1].cidr: is inside 169.254.0.0/16, where clouds provide the credentials of a node',
  ],
  [
    'egress to the metadata of a cloud whose addresses are not link-local',
    'network: { clusterCidrs: [10.0.0.0/8] }\negress:\n  - cidr: 100.100.100.200/32',
    9,
    'spec.egress[0].cidr: is inside 100.100.100.200/32, where clouds provide',
  ],
  [
    'a credential by its name',
    'env:\n  LOG_LEVEL: debug\n  API_TOKEN: hunter2-hunter2',
    9,
    'spec.env.API_TOKEN: looks like a password or key, and every preview would carry it',
  ],
  [
    'a credential by its form',
    'env:\n  PROXY: "http://user:hunter2-hunter2@proxy.example.com"',
    8,
    'spec.env.PROXY: looks like a password or key',
  ],
  [
    'a credential of a service',
    `services:\n  redis:\n    image: ghcr.io/acme/redis@sha256:${'1'.repeat(64)}\n    args:\n      - --quiet\n      - --requirepass=hunter2-hunter2`,
    12,
    'spec.services.redis.args[1]: looks like a password or key',
  ],
  [
    'a credential among the variables of a service',
    `services:\n  postgres:\n    image: ghcr.io/acme/postgres@sha256:${'1'.repeat(64)}\n    env:\n      POSTGRES_PASSWORD: hunter2-hunter2`,
    11,
    'spec.services.postgres.env.POSTGRES_PASSWORD: looks like a password or key',
  ],
  [
    'a pull secret itself in the place of its reference',
    'imagePullSecrets:\n  - name: registry\n    secret: ghp_0123456789abcdefghijABCDEFGHIJ012345',
    9,
    'spec.imagePullSecrets[0].secret: must be a reference such as acme/shop/stripe',
  ],
  [
    'a pull secret without its reference',
    'imagePullSecrets:\n  - { name: registry }',
    8,
    'spec.imagePullSecrets[0].secret: is required',
  ],
  [
    'a pull secret named twice',
    'imagePullSecrets:\n  - registry\n  - { name: registry, secret: platform/registry }',
    9,
    'spec.imagePullSecrets[1]: names registry a second time',
  ],
  [
    'a pull secret of the name of a preview',
    'imagePullSecrets:\n  - { name: pr-shop-7, secret: platform/registry }',
    8,
    'spec.imagePullSecrets[0].name: must not start with pr-',
  ],
  [
    'a pull secret of a store that there is not',
    'secrets: { mechanism: sealed-secrets }\nimagePullSecrets:\n  - { name: registry, secret: platform/registry }',
    9,
    'spec.imagePullSecrets[0].secret: needs secrets.mechanism external-secrets, but it is sealed-secrets',
  ],
  [
    'secrets among the kinds that extensions add to fences',
    'fenceKinds:\n  - external-secrets.io/ExternalSecret',
    8,
    'spec.fenceKinds[0]: must not contain external-secrets.io/ExternalSecret, which only imagePullSecrets adds to fences',
  ],
  [
    'a default that null takes away under a misspelt name',
    'sizes:\n  larg: null',
    8,
    'spec.sizes.larg: removes nothing: larg is not one of the defaults; did you mean large?',
  ],
  [
    'a bound that null takes away under no name of a bound',
    'namespace:\n  quota:\n    count/widgets: null',
    9,
    'removes nothing: count/widgets is not one of the defaults',
  ],
  [
    'a bound of no resource',
    'namespace:\n  quota:\n    limits.memry: 4Gi',
    9,
    'must be a resource of quotas (did you mean limits.memory?)',
  ],
  [
    'a bound on counts that is a fraction',
    'namespace:\n  quota:\n    pods: "1.5"',
    9,
    'spec.namespace.quota.pods: must be a whole number; found 1.5',
  ],
  [
    'a kind taken away under a misspelt name',
    'policies:\n  parameters:\n    allowedKinds:\n      batch/CronJb: null',
    10,
    'removes nothing: batch/CronJb is not one of the defaults; did you mean batch/CronJob?',
  ],
  [
    'a kind taken away that greenroom makes',
    'policies:\n  parameters:\n    allowedKinds:\n      apps/Deployment: null',
    10,
    'cannot be removed: greenroom itself makes this kind from preview.yaml',
  ],
  [
    'a version in the place of a group',
    'fenceKinds:\n  - v1/ConfigMap',
    8,
    'spec.fenceKinds[0]: must be a kind with its group',
  ],
  [
    'a kind of previews among those of fences',
    'fenceKinds:\n  - policy/PodDisruptionBudget',
    8,
    'spec.fenceKinds[0]: must not contain policy/PodDisruptionBudget, which previews write themselves',
  ],
  [
    'a kind of fences twice',
    'fenceKinds:\n  - cilium.io/CiliumNetworkPolicy\n  - cilium.io/CiliumNetworkPolicy',
    9,
    'spec.fenceKinds[1]: names cilium.io/CiliumNetworkPolicy a second time',
  ],
  [
    'a variable that each preview has of its own',
    'env:\n  PREVIEW_URL: https://example.com',
    8,
    'must be another one than PORT and PREVIEW_URL',
  ],
  [
    'a kind of the fence among those of previews',
    'policies:\n  parameters: { allowedKinds: { ConfigMap: null, ResourceQuota: true } }',
    8,
    'spec.policies.parameters.allowedKinds.ResourceQuota: must be a kind of workloads; ResourceQuota belongs to the platform',
  ],
  [
    'permissions among the kinds of previews',
    'policies: { parameters: { allowedKinds: [apps/Deployment, rbac.authorization.k8s.io/RoleBinding] } }',
    7,
    'spec.policies.parameters.allowedKinds[1]: must be a kind of workloads',
  ],
  [
    'permissions in a fence',
    'fenceKinds: [rbac.authorization.k8s.io/ClusterRoleBinding]',
    7,
    "spec.fenceKinds[0]: must not contain rbac.authorization.k8s.io/ClusterRoleBinding, which is the platform's own",
  ],
  ['a kind of no group in a fence', 'fenceKinds: [Secret]', 7, 'spec.fenceKinds[0]: must be a kind with its group'],
  [
    'a kind for fences and for previews',
    'fenceKinds: [acme.example/Wall]\npolicies: { parameters: { allowedKinds: { acme.example/Wall: true } } }',
    7,
    'is among allowedKinds, which previews write themselves',
  ],
  ['egress with bits beyond its prefix', 'egress: [{ cidr: 203.0.113.7/24 }]', 7, 'must not have bits set'],
  [
    'a warning before the beginning',
    'ttl:\n  max: 8h\n  warn: 12h',
    9,
    'spec.ttl.warn: must not be longer than ttl.max, which is 8h',
  ],
  ['a default beyond the longest', 'ttl: { default: 9h, max: 8h }', 7, 'spec.ttl.default: must not be longer'],
  [
    'a class without its namespace',
    'ingress:\n  class: traefik',
    7,
    'spec.ingress.controllerNamespace: is needed with the class traefik',
  ],
  [
    'a class and the namespace of another controller',
    'ingress:\n  class: nginx\n  controllerNamespace: traefik-system',
    9,
    'must be the namespace of the controller of the class nginx',
  ],
  [
    'limits of containers that contradict each other',
    'namespace: { limitRange: { default: { cpu: "4" } } }',
    7,
    'must not be above limitRange.max.cpu',
  ],
  ['a severity of no rule', 'policies:\n  severities:\n    run-as-nonroot: warn', 9, 'did you mean "run-as-non-root"?'],
  [
    'a severity that the fence contradicts',
    'policies:\n  severities:\n    run-as-non-root: "off"',
    9,
    'cannot be off: the Pod Security label',
  ],
  ['a kind that is none', 'policies: { parameters: { allowedKinds: [deployments] } }', 7, 'must be group/Kind'],
  ['a tag that is none', 'tag: "-{number}"', 7, 'spec.tag: must make a tag'],
  [
    'a prefix of words unknown',
    'secrets: { prefix: "{team}/" }',
    7,
    'spec.secrets.prefix: knows {owner} and {repo}; found {team}',
  ],
  ['a budget below the smallest size', 'cost: { budgets: { perPreviewDay: 0.01 } }', 7, 'lets no preview run'],
];

function worldOf(platform: string): World {
  const world = new World();
  world.push('shop', { 'preview.yaml': previewText() }, NOW);
  world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW });
  commitFiles(world.appsRepo, { 'greenroom.yaml': platform });
  return world;
}

function folderOf(platform: string): string {
  const folder = tempFolder();
  writeFileSync(join(folder, 'greenroom.yaml'), platform);
  writeFileSync(join(folder, 'preview.yaml'), previewText());
  return folder;
}

const SYNC = ['sync', '--repo', 'acme/shop', '--pr', '7'];

describe('what is wrong in greenroom.yaml is found at its own line by every command, and is never the maker’s', () => {
  test.each(WRONG)('%s', async (_, extra, line, words) => {
    const platform = platformText(extra);
    const cwd = folderOf(platform);
    const said = `greenroom.yaml:${line}:`;
    for (const args of [
      ['check', 'greenroom.yaml'],
      ['check', 'preview.yaml'],
      ['render', 'preview.yaml'],
      ['cost', 'preview.yaml'],
      ['policies', '--engine', 'vap'],
      ['doctor', '.'],
      ['init', '.'],
    ]) {
      const { code, stdout, stderr } = await inProcess(args, cwd);
      expect([code, stdout + stderr], args.join(' ')).toEqual([2, expect.stringContaining(said)]);
      expect(stdout + stderr).toContain(words);
      expect(stdout + stderr).not.toContain('preview.yaml:');
    }
    const world = worldOf(platform);
    for (const args of [SYNC, ['sweep']]) {
      const { code, stdout, stderr } = await inProcess([
        ...args,
        '--apps-repo',
        world.appsRepo,
        '--forge',
        world.forge,
      ]);
      expect([code, stdout + stderr], args[0]!).toEqual([2, expect.stringContaining(said)]);
    }
    expect(world.comment('shop', 7)).toContain('### Preview: problem on our side\nNothing for you to change');
    expect(world.check('shop', 7)).toMatchObject({ conclusion: 'neutral', title: 'Problem on our side' });
  });

  test('where nobody wants a preview, nobody hears of it', async () => {
    const world = worldOf('a: [');
    world.push('other', { 'README.md': 'no preview' }, NOW);
    world.pull('other', 1, { createdAt: NOW, updatedAt: NOW });
    world.pull('shop', 8, { createdAt: NOW, updatedAt: NOW, state: 'closed' });
    for (const [repository, number] of [
      ['other', 1],
      ['shop', 8],
    ] as const) {
      const args = ['sync', '--repo', `acme/${repository}`, '--pr', String(number)];
      const { code } = await inProcess([...args, '--apps-repo', world.appsRepo, '--forge', world.forge]);
      expect([code, world.comment(repository, number)]).toEqual([2, null]);
    }
  });

  test('a part of a map stands beside its defaults, and a list of kinds beside what greenroom makes itself', async () => {
    const extra = `
namespace: { quota: { pods: "20", services: null } }
policies: { parameters: { allowedKinds: [example.com/Widget], maxSize: { cpu: 4 } } }
ingress: { class: nginx-internal }
ttl: { max: 2h }
sizes: { tiny: { requests: { cpu: 50m, memory: 64Mi }, limits: { cpu: 100m, memory: 64Mi } } }`;
    const cwd = folderOf(platformText(extra));
    expect(await inProcess(['check', '.'], cwd)).toMatchObject({ code: 0, stdout: '' });
    const { stdout } = await inProcess(['render', 'preview.yaml', '--format', 'json'], cwd);
    const quota: string = Object.entries<string>(JSON.parse(stdout).files).find(([path]) => path.includes('quota'))![1];
    expect(quota).toContain('pods: "20"');
    expect(quota).toContain('limits.memory: 4Gi');
    expect(quota).not.toMatch(/^ +services:/m);
  });
});

describe('an extension that lets no preview pass', () => {
  const sidecar = `export default ({ preview }) => preview.addContainer({
  name: 'log', image: 'docker.io/vendor/log:1',
  resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '100m', memory: '64Mi' } } });\n`;

  test.each([
    ['by what it adds', sidecar, 2, 'Deployment pr-'],
    [
      'by what it throws',
      'export default () => { throw new Error("no such team"); };\n',
      2,
      'acme.mjs: the extension failed: no such team',
    ],
  ])('%s is the platform team’s to mend, in sync, check and render', async (_, module, exit, words) => {
    const cwd = folderOf(platformText());
    writeFileSync(join(cwd, 'acme.mjs'), module);
    const own = ['--extension', join(cwd, 'acme.mjs')];
    for (const args of [
      ['check', 'greenroom.yaml'],
      ['check', 'preview.yaml'],
      ['render', 'preview.yaml'],
    ]) {
      const { code, stdout, stderr } = await inProcess([...args, ...own], cwd);
      expect([code, stdout + stderr], args[0]!).toEqual([exit, expect.stringContaining(words)]);
      expect(stdout + stderr).not.toMatch(/preview\.yaml:\d/);
    }
    const world = worldOf(platformText());
    const sync = await inProcess([...SYNC, '--apps-repo', world.appsRepo, '--forge', world.forge, ...own]);
    expect([sync.code, sync.stdout]).toEqual([exit, expect.stringContaining(words)]);
    expect(world.comment('shop', 7)).toContain('### Preview: problem on our side\nNothing for you to change');
  });

  test('does not hide what is the maker’s own', async () => {
    const cwd = folderOf(platformText());
    writeFileSync(join(cwd, 'preview.yaml'), previewText('size: huge'));
    writeFileSync(join(cwd, 'acme.mjs'), 'export default () => {};\n');
    const { code, stdout } = await inProcess(['check', 'preview.yaml', '--extension', join(cwd, 'acme.mjs')], cwd);
    expect([code, stdout]).toEqual([2, expect.stringContaining('preview.yaml:6:9: spec.size: is not a size')]);
  });
});

describe('a filter that no pull request passes is found at its own line', () => {
  const SOURCE = 'sources: [{ owner: acme }]';

  test.each([
    ['labels: { any: [preview, Demo], none: [demo] }', 'labels.any[1]: is under none as well; found "Demo"'],
    ['labels: { all: [ready], none: [ready] }', 'labels.all[0]: is under none as well; found "ready"'],
    ['authors: { only: [mia], except: [Mia] }', 'authors.only[0]: is under except as well; found "mia"'],
    ['branches: ["^main$"]', 'branches[0]: must be the name of a branch'],
    ['branches: [main, refs/heads/next]', 'branches[1]: must be the name of a branch, without refs/heads/'],
  ])('%s', async (filter, words) => {
    const cwd = folderOf(platformText().replace(SOURCE, `sources:\n    - owner: acme\n      ${filter}`));
    const { code, stdout } = await inProcess(['check', 'greenroom.yaml'], cwd);
    expect([code, stdout]).toEqual([2, expect.stringContaining(`greenroom.yaml:7:`)]);
    expect(stdout).toContain(`spec.sources[0].${words}`);
  });
});
