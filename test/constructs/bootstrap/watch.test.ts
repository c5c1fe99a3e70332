import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { isDenial } from '../../../lib/core/finding.ts';
import { loadPlatform } from '../../../lib/model/files.ts';
import { createChecker } from '../../../lib/policies/checker.ts';
import { ruleParams } from '../../../lib/policies/params.ts';
import { scaffoldFiles } from '../../../lib/scaffold/files.ts';
import { readScaffoldTemplate } from '../../../lib/scaffold/template.ts';
import { platformText } from '../../support/inputs.ts';

const STATUS =
  'status: { url: "https://greenroom.example.com:8443/status", watch: true, image: ghcr.io/acme/greenroom:v1 }';

function laidDown(extra: string) {
  const text = platformText(extra);
  const platform = loadPlatform(text, 'greenroom.yaml').value.spec;
  const input = {
    platformText: text,
    platform,
    exceptions: [],
    version: '1.0.0',
    template: readScaffoldTemplate(),
    command: '',
    notices: '',
  };
  return { platform, files: scaffoldFiles(input) };
}

// biome-ignore lint/suspicious/noExplicitAny: manifests are read as plain data
type Json = any;

const INSTALL = 'bootstrap/install/clusters/main/';
const objectAt = (files: ReadonlyMap<string, string>, path: string): Json => parse(files.get(path) ?? 'null');

describe('the reporter that is laid down', () => {
  const { platform, files } = laidDown(STATUS);
  const deployment = objectAt(files, `${INSTALL}deployment.greenroom-watch.yaml`);

  it('is of its cluster, tells serve where the platform says, and holds its secret by reference', () => {
    const [container] = deployment.spec.template.spec.containers;
    expect(container.image).toBe('ghcr.io/acme/greenroom:v1');
    expect(container.args).toEqual(['watch', '--cluster=main', '--to=https://greenroom.example.com:8443/status']);
    expect(container.env).toEqual([
      { name: 'GREENROOM_STATUS_SECRET', valueFrom: { secretKeyRef: { name: 'greenroom-status', key: 'secret' } } },
    ]);
  });

  it('keeps every rule that previews keep, but that it has an account with a token', () => {
    const checker = createChecker({ params: ruleParams(platform) });
    const denied = checker.check(deployment).filter(isDenial);
    expect([...new Set(denied.map(({ rule }) => rule))].sort()).toEqual(['no-service-account-token']);
  });

  it('reaches names, API servers and serve, and is reached by nobody', () => {
    const { spec } = objectAt(files, `${INSTALL}networkpolicy.greenroom-watch.yaml`);
    expect([spec.policyTypes, spec.ingress]).toEqual([['Ingress', 'Egress'], []]);
    const ports = spec.egress.flatMap((rule: Json) =>
      rule.ports.map(({ protocol, port }: Json) => `${protocol}/${port}`),
    );
    expect(ports).toEqual(['UDP/53', 'TCP/53', 'TCP/443', 'TCP/6443', 'TCP/8443']);
    expect(spec.podSelector).toEqual({ matchLabels: deployment.spec.template.metadata.labels });
    expect(deployment.spec.selector.matchLabels).toEqual(deployment.spec.template.metadata.labels);
  });

  it('is not there unless the platform names its image', () => {
    const paths = [...laidDown('status: { watch: true }').files.keys()];
    expect(paths.filter((path) => /(deployment|networkpolicy)\.greenroom-watch/.test(path))).toEqual([]);
  });

  it('is of no project that pull requests write into: its namespace is applied by an administrator alone', () => {
    const others = [...files].filter(
      ([path, text]) => !path.startsWith('bootstrap/install/') && text.includes('kind: Deployment'),
    );
    expect(others.map(([path]) => path)).toEqual([]);
  });
});

test('logs are read only where the platform says so: its role, and its command', () => {
  const logOf = (extra: string) => {
    const { files } = laidDown(STATUS.replace('watch: true', `watch: true${extra}`));
    const { rules } = objectAt(files, `${INSTALL}clusterrole.preview-readers.yaml`);
    const [container] = objectAt(files, `${INSTALL}deployment.greenroom-watch.yaml`).spec.template.spec.containers;
    const resources: string[] = rules.flatMap((rule: Json) => rule.resources);
    return [resources.filter((name) => name.includes('log')), container.args.includes('--logs')];
  };
  expect(logOf('')).toEqual([[], false]);
  expect(logOf(', logs: true')).toEqual([['pods/log'], true]);
});

test.each([
  ['status: { image: ghcr.io/acme/greenroom:v1, watch: true }', 'status.image: needs status.url'],
  [
    'status: { image: ghcr.io/acme/greenroom:v1, url: "https://g.example.com/status" }',
    'status.image: needs status.watch: true',
  ],
  ['status: { notify: true }', 'status.notify: needs status.url'],
  ['status: { logs: true }', 'status.logs: needs status.watch: true'],
  ['status: { url: "ftp://g.example.com" }', 'must be an http(s) address'],
  ['status: { image: "not an image" }', 'must be an image reference'],
])('%s is refused', (extra, words) => {
  expect(() => laidDown(extra)).toThrow(words);
});

/** Folders of `bootstrap/install/` in the order in which the README has them applied. */
function applied(files: ReadonlyMap<string, string>): string[] {
  return [...(files.get('README.md') ?? '').matchAll(/^ {7}kubectl apply -f (bootstrap\/install\/\S+)/gm)].map(
    ([, folder]) => `${folder}/`,
  );
}

describe.each([
  ['argocd', ['vap']],
  ['argocd', ['kyverno']],
  ['flux', ['kyverno']],
])('with %s and %j', (reconciler, engines) => {
  const { files } = laidDown(
    `reconciler: ${reconciler}\npolicies: { engines: ${JSON.stringify(engines)} }\n${STATUS.replace('watch: true', 'watch: true, notify: true')}`,
  );
  /** Made by what has to be there before. */
  const there = ['argocd', 'flux-system', 'kyverno', 'ingress-nginx'];

  test('the README has every folder applied, and every namespace made before something is put into it', () => {
    const order = applied(files);
    const folders = [...files.keys()].filter((path) => path.startsWith('bootstrap/install/') && path.endsWith('.yaml'));
    expect([...new Set(folders.map((path) => path.slice(0, path.lastIndexOf('/') + 1)))].sort()).toEqual(
      [...order].sort(),
    );
    const made = new Set(there);
    for (const folder of order) {
      const objects = folders.filter((path) => path.startsWith(folder)).map((path) => objectAt(files, path));
      for (const { kind, metadata } of objects) {
        if (metadata.namespace !== undefined)
          expect(made, `${folder}: ${kind} ${metadata.name}`).toContain(metadata.namespace);
      }
      for (const { kind, metadata } of objects) if (kind === 'Namespace') made.add(metadata.name);
    }
    const step = {
      argocd: /kubectl patch secret argocd-notifications-secret -n argocd .*greenroom-status-secret/,
      flux: /kubectl create secret generic greenroom-status -n flux-system --from-literal=token=/,
    }[reconciler]!;
    expect(files.get('README.md')).toMatch(step);
    const secret = files.get('README.md')!.indexOf('kubectl create secret generic greenroom-status -n greenroom-watch');
    expect(secret).toBeGreaterThan(files.get('README.md')!.indexOf('apply -f bootstrap/install/namespaces/main'));
  });
});
