import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkPlatform, createCompiler } from '../../lib/compile/compile.ts';
import { loadPlatform } from '../../lib/policies/platform.ts';
import { compileInput, OPENED, platform, platformText, previewText } from '../support/inputs.ts';
import { CLASS, operatedPostgres } from '../support/operator.ts';

function compile(extra: string, settings = operatedPostgres()) {
  const run = createCompiler({ platform: platform(settings), now: OPENED });
  const compiled = run(compileInput(previewText(extra)));
  expect(compiled.findings.filter(({ severity }) => severity === 'deny')).toEqual([]);
  const { files, folder } = compiled;
  const yaml = [...files].filter(([path]) => path.endsWith('.yaml'));
  const objects = Object.fromEntries(yaml.map(([path, content]) => [path.slice(folder.length + 1), parse(content)]));
  return { ...compiled, objects, pod: objects['app/deployment.pr-shop-7.yaml'].spec.template.spec };
}

describe('a resource that an operator runs', () => {
  const { objects, pod, files, notes, cost } = compile('resources: { db: { type: postgres } }\nrelease: [migrate]');

  test('is an object of the fence, exactly as greenroom.yaml has it', () => {
    const cluster = objects['fence/cluster.pr-shop-7-db.yaml'];
    expect(cluster).toMatchObject({
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'Cluster',
      metadata: {
        name: 'pr-shop-7-db',
        namespace: 'pr-shop-7',
        // It goes with the namespace, so that nothing of it is left when the policies go.
        annotations: { 'argocd.argoproj.io/sync-options': 'Delete=false', 'greenroom.dev/secret': 'pr-shop-7-db-app' },
      },
    });
    expect(cluster.spec).toEqual(parse(CLASS).spec);
    expect(pod.initContainers.map(({ name }: { name: string }) => name)).toEqual(['release']);
    expect(objects['app/deployment.pr-shop-7.yaml'].spec.strategy).toBeUndefined();
  });

  test('is read by reference: app and release step have its outputs, and no password is in Git', () => {
    const from = (key: string) => ({ valueFrom: { secretKeyRef: { name: 'pr-shop-7-db-app', key } } });
    for (const { env } of [...pod.containers, ...pod.initContainers]) {
      expect(env).toEqual(
        expect.arrayContaining([
          { name: 'DATABASE_URL', ...from('uri') },
          { name: 'DB_URL', ...from('uri') },
          { name: 'DB_HOST', ...from('host') },
          { name: 'DB_PORT', ...from('port') },
          { name: 'DB_DATABASE', ...from('dbname') },
          { name: 'DB_NAME', ...from('dbname') },
          { name: 'DB_USERNAME', ...from('username') },
          { name: 'DB_PASSWORD', ...from('password') },
        ]),
      );
    }
    const { annotations } = objects['app/deployment.pr-shop-7.yaml'].spec.template.metadata;
    expect(annotations).toEqual({ 'greenroom.dev/service-secrets': 'pr-shop-7-db-app' });
    expect([...files.values()].join('')).not.toMatch(/:\/\/[^\s/@]+:[^\s/@]+@/);
  });

  test('is reached by its operator, and reaches the API server, and no other pod does', () => {
    expect(objects['fence/networkpolicy.allow-service-postgres.yaml'].spec).toEqual({
      podSelector: { matchExpressions: [{ key: 'cnpg.io/cluster', operator: 'Exists' }] },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'cnpg-system' } } }],
          ports: [
            { protocol: 'TCP', port: 5432 },
            { protocol: 'TCP', port: 8000 },
          ],
        },
      ],
      egress: [{ to: [{ ipBlock: { cidr: '10.0.0.10/32' } }], ports: [{ protocol: 'TCP', port: 6443 }] }],
    });
    const labels = Object.keys(objects['app/deployment.pr-shop-7.yaml'].spec.template.metadata.labels);
    expect(labels).not.toContain('cnpg.io/cluster');
    expect(Object.keys(compile('').objects).filter((path) => /service-postgres|cluster\./.test(path))).toEqual([]);
  });

  test('is said to be thrown away, and costs what its pods and its volume cost', () => {
    expect(notes).toEqual(['db keeps its data from push to push, and is thrown away with the preview.']);
    const rates = { cpu: 0.031611, memory: 0.004237, storage: 0.000137 };
    const more = 24 * (0.25 * rates.cpu + 0.25 * rates.memory + rates.storage);
    expect(cost.perDay - compile('').cost.perDay).toBeCloseTo(more, 3);
  });

  test('gives way to what a maker sets under the same name', () => {
    const own = compile('resources: { db: { type: postgres } }\nenv: { DATABASE_URL: mine }').pod.containers[0].env;
    expect(own).toContainEqual({ name: 'DATABASE_URL', value: 'mine' });
    const secret = compile('resources: { db: { type: postgres } }\nsecrets: { DB_URL: acme/shop/db }').pod
      .containers[0];
    expect(secret.env).toContainEqual({
      name: 'DB_URL',
      valueFrom: { secretKeyRef: { name: 'pr-shop-7', key: 'DB_URL' } },
    });
  });

  test('may have outputs that are no secret', () => {
    const settings = operatedPostgres(CLASS.replace('host: host', 'host: { value: "{name}-rw" }'));
    const { env } = compile('resources: { db: { type: postgres } }', settings).pod.containers[0];
    expect(env).toContainEqual({ name: 'DB_HOST', value: 'pr-shop-7-db-rw' });
  });
});

describe('a maker', () => {
  test.each([
    [
      'resources: { db: { type: postgres, seed: [npm, run, seed] } }',
      /6:\d+: spec\.resources\.db\.seed: cannot be used with postgres here, whose data outlive a push: .*use release/,
    ],
    [
      'resources: { one: { type: postgres }, two: { type: postgres } }',
      /6:\d+: spec\.resources\.one: needs 7 Services at .*needs 2 claims of disks .*needs 2048Mi of requests\.storage .*Leave it out or ask/,
    ],
  ])('is told what cannot be: %j', (extra, sentence) => {
    expect(() => compile(extra)).toThrow(sentence);
  });

  test('is told where the name of the preview leaves no room for those that the operator derives', () => {
    const identity = { repositoryId: 42, owner: 'acme', repository: 'a'.repeat(45), number: 7 };
    const run = createCompiler({ platform: platform(operatedPostgres()), now: OPENED });
    const input = compileInput(previewText('resources: { db: { type: postgres } }'), { identity });
    expect(() => run(input)).toThrow(
      /6:\d+: spec\.resources\.db: makes the name pr-a+-7-db, longer than the 50 characters/,
    );
  });

  test('may neither write such an object nor use the label of its pods', () => {
    const run = createCompiler({ platform: platform(operatedPostgres()), now: OPENED });
    const own = (text: string) =>
      run(
        compileInput(previewText('resources: { db: { type: postgres } }\nmanifests: k8s'), {
          manifests: new Map([['k8s/a.yaml', text]]),
        }),
      ).findings.map(({ rule, field }) => `${rule} ${field}`);
    expect(own('apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: mine }\nspec: {}\n')).toEqual([
      'allowed-kinds kind',
    ]);
    const pods = (labels: string) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: mine }
spec:
  selector: { matchLabels: { app: mine } }
  template:
    metadata: { labels: { app: mine${labels} } }
    spec:
      automountServiceAccountToken: false
      containers:
        - name: mine
          image: ghcr.io/acme/shop:1
          env: [{ name: URL, valueFrom: { secretKeyRef: { name: pr-shop-7-db-app, key: uri } } }]
          resources: { limits: { cpu: 100m, memory: 64Mi }, requests: { cpu: 100m, memory: 64Mi } }
          securityContext:
            { allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: { drop: [ALL] }, seccompProfile: { type: RuntimeDefault } }
`;
    // The Secret of the operator is known.
    expect(own(pods(''))).toEqual([]);
    expect(own(pods(', cnpg.io/cluster: x'))).toContain('reserved-keys spec.template.metadata.labels');
  });
});

describe('the platform team', () => {
  const changed = (from: string | RegExp, to: string) => operatedPostgres(CLASS.replace(from, to));
  test.each([
    [changed('instances: 1', 'instances: 0'), /class\.spec\.instances: must be a whole number from 1 to 9.*found 0/],
    [
      changed(/ {2}resources:[\s\S]*?added/, 'added'),
      /class\.spec\.resources\.requests\.cpu: must be a quantity .*found nothing/,
    ],
    [
      changed('memory: 512Mi', 'memory: 64Gi'),
      /must not be above namespace\.limitRange\.max\.memory, which is 2Gi; found 64Gi/,
    ],
    [
      changed('size: 1Gi', 'size: 5Gi'),
      /namespace\.quota\["requests\.storage"\]: is too little: each postgres of services claims 1 of 5Gi; it is 1Gi/,
    ],
    [
      operatedPostgres().replace(/namespace:.*\n/, ''),
      /namespace\.quota\.persistentvolumeclaims: must be at least 1: each postgres of services claims 1 of 1Gi; it is 0/,
    ],
    [operatedPostgres().replace(/network:.*\n/, ''), /class\.callsApi: needs network\.apiServer/],
    [
      operatedPostgres().replace('10.0.0.10/32', '10.0.0.0/8'),
      /network\.apiServer\[0\]\.cidr: must contain at most 256 addresses/,
    ],
    [
      operatedPostgres().replace('10.0.0.10/32', '169.254.169.0/24'),
      /network\.apiServer\[0\]\.cidr: is inside 169\.254\.0\.0\/16/,
    ],
    [
      `${operatedPostgres()}policies: { trustedAccounts: ["system:serviceaccounts:cnpg-system"] }`,
      /class\.account: is in policies\.trustedAccounts as system:serviceaccounts:cnpg-system, which lets it write anything/,
    ],
    [changed(/account: .*/, 'account: cnpg-manager'), /class\.account: must be system:serviceaccount:NAMESPACE:NAME/],
    [
      changed(/account: .*/, 'account: "system:serviceaccount:pr-shop-7:x"'),
      /class\.account: must be in its own namespace/,
    ],
    [
      `${operatedPostgres()}policies: { parameters: { allowedKinds: { postgresql.cnpg.io/Cluster: true } } }`,
      /class\.kind: cannot be postgresql\.cnpg\.io\/Cluster, which is among allowedKinds/,
    ],
    [
      changed('Pod: 1', 'networking.k8s.io/NetworkPolicy: 1'),
      /class\.kinds\["networking\.k8s\.io\/NetworkPolicy"\]: belongs to the fence/,
    ],
    [changed('Pod: 1', 'ResourceQuota: 1'), /class\.kinds\.ResourceQuota: belongs to the fence/],
    [changed('podLabel: cnpg.io/cluster', 'podLabel: app'), /class\.podLabel: must have a domain/],
    [
      changed('podLabel: cnpg.io/cluster', 'podLabel: app.kubernetes.io/name'),
      /class\.podLabel: must be of a domain of your own/,
    ],
    [changed('- probes', '- storage.size'), /class\.added\[15\]: is already in spec/],
    [changed('secret: "{name}-app"\n', ''), /class\.outputs\.host: is a key of a Secret, and secret names none/],
    [changed(', url: uri', ''), /class\.outputs\.url: is required/],
    [
      operatedPostgres().replace('class:', 'port: 5432\n    class:'),
      /services\.postgres\.port: describes an image, and class takes its place/,
    ],
    ['services: { postgres: { size: small } }', /services\.postgres\.image: is required, or class/],
    [operatedPostgres().replace('  postgres:', '  mongo:'), /services\.mongo\.variable: is required/],
    [changed('podLabel:', 'podLabl:'), /"podLabl" is not a setting; did you mean "podLabel"/],
  ])('%# is told at its line', (settings, sentence) => {
    expect(() => compile('resources: { db: { type: postgres } }', settings)).toThrow(sentence);
  });

  test.each([
    [
      'owner: app',
      'owner: app, password: hunter2-hunter2',
      /class\.spec\.bootstrap\.initdb\.password: looks like a password/,
    ],
    [
      'stopDelay: 60',
      'args: [--quiet, --requirepass=hunter2-hunter2]',
      /class\.spec\.args\[1\]: looks like a password/,
    ],
  ])('is told of a password in the spec: %s', (from, to, sentence) => {
    const text = platformText(operatedPostgres(CLASS.replace(from, to)));
    expect(() => loadPlatform(text, 'greenroom.yaml')).toThrow(sentence);
    expect(() => loadPlatform(platformText(operatedPostgres()), 'greenroom.yaml')).not.toThrow();
  });

  test('counts every volume that the operator may claim', () => {
    const more = changed('PersistentVolumeClaim: 1', 'PersistentVolumeClaim: 2');
    expect(() => compile('', more)).toThrow(
      /persistentvolumeclaims: must be at least 2: each postgres of services claims 2 of 1Gi/,
    );
  });

  test('is told when the settings are read that no preview could have one, with what a maker would read', () => {
    const try_ = (settings: string) => () => checkPlatform({ platform: platform(settings), now: OPENED });
    expect(try_(operatedPostgres())).not.toThrow();
    expect(try_(changed('Secret: 4', 'Secret: 40'))).toThrow(
      /no preview with a postgres can start.*needs 40 Secrets at its peak/,
    );
  });
});
