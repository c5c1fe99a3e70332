import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { CheckResult } from '../../lib/cluster/check-result.ts';
import type { ClusterAnswer, ClusterReader } from '../../lib/cluster/reader.ts';
import { examineCluster } from '../../lib/doctor/cluster/examine.ts';
import { contextName, kubectlReader } from '../../lib/doctor/cluster/kubectl.ts';
import { platformSchema } from '../../lib/model/platform.ts';
import { operatedPostgres } from '../support/operator.ts';

const NOW = Date.parse('2026-11-06T12:00:00Z') / 1000;

const platformOf = (spec: object = {}) =>
  platformSchema.parse({
    apiVersion: 'greenroom.dev/v1alpha1',
    kind: 'Platform',
    spec: { domain: 'apps.example.com', sources: [{ owner: 'acme' }], registries: ['ghcr.io/acme'], ...spec },
  }).spec;

/** A cluster that knows these paths and nothing else. */
function cluster(paths: Record<string, unknown>, may: ClusterAnswer = { kind: 'found', value: true }): ClusterReader {
  return {
    get: async (path) => {
      const value = paths[path];
      if (value === undefined) return { kind: 'missing' };
      return value === 'refused' ? { kind: 'refused', reason: 'sam cannot get it' } : { kind: 'found', value };
    },
    may: async () => may,
  };
}

async function observe(
  paths: Record<string, unknown>,
  spec: object = {},
  may?: ClusterAnswer,
): Promise<ReadonlyMap<string, CheckResult>> {
  const reader = cluster(paths, may);
  const observations = await examineCluster({
    platform: platformOf(spec),
    files: [],
    reader,
    isKnown: () => true,
    now: NOW,
  });
  return new Map(observations.map((each) => [each.check, each]));
}

const ARGO = { '/apis/argoproj.io/v1alpha1': { resources: [] } };
const conditions = (...all: [string, string, string?][]) => ({
  status: { conditions: all.map(([type, status, message]) => ({ type, status, message })) },
});

describe('the reporter that init lays down', () => {
  const path = '/apis/apps/v1/namespaces/greenroom-watch/deployments/greenroom-watch';
  const spec = { status: { url: 'https://g.example.com/status', watch: true, image: 'ghcr.io/acme/greenroom:v1' } };

  it.each([
    ['is not there', undefined, 'fail', 'nothing reports why a preview does not start'],
    ['does not run', { status: {} }, 'fail', 'does not run'],
    ['runs', { status: { availableReplicas: 1 } }, 'ok', 'runs'],
    ['may not be read', 'refused', 'unknown', 'sam cannot get it'],
  ])('%s', async (_, deployment, status, words) => {
    const watch = (await observe(deployment === undefined ? {} : { [path]: deployment }, spec)).get('watch');
    expect(watch).toMatchObject({ status });
    expect(JSON.stringify(watch)).toContain(words);
  });

  it('is not looked for where the platform runs it itself', async () => {
    expect((await observe({}, { status: { watch: true } })).has('watch')).toBe(false);
  });
});

describe('the kind of an operator that runs a service', () => {
  const spec = parse(operatedPostgres()) as object;
  it.each([
    ['is served', { resources: [{ kind: 'Cluster' }] }, 'ok', 'the operator of postgres serves Cluster'],
    [
      'is not there',
      { resources: [] },
      'warn',
      'no Cluster of postgresql.cnpg.io/v1: previews with postgres do not start',
    ],
  ])('%s', async (_, answer, status, words) => {
    const found = (await observe({ '/apis/postgresql.cnpg.io/v1': answer }, spec)).get('kinds/postgresql.cnpg.io');
    expect(found).toMatchObject({ status, message: expect.stringContaining(words) });
  });
});

describe('a cluster', () => {
  it.each([
    ['v1.29.8', 'fail'],
    ['v1.30.0', 'ok'],
    ['v1.36.3+k3s1', 'ok'],
    ['nonsense', 'unknown'],
  ])('of version %s is %s', async (gitVersion, status) => {
    expect((await observe({ '/version': { gitVersion } })).get('kubernetes')).toMatchObject({ status });
  });

  it('that lets nobody look is never called well', async () => {
    const all = [
      '/version',
      '/api/v1/namespaces/argocd/configmaps/argocd-cm',
      '/api/v1/namespaces/argocd/configmaps/argocd-cmd-params-cm',
      '/apis/argoproj.io/v1alpha1/namespaces/argocd/applicationsets',
      '/apis/batch/v1/namespaces/greenroom-cleaner/cronjobs/preview-cleaner',
      '/apis/networking.k8s.io/v1/ingressclasses/nginx',
      '/api/v1/namespaces/ingress-nginx/pods',
      '/apis/cert-manager.io/v1/namespaces/ingress-nginx/certificates/preview-wildcard-tls',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/applications.argoproj.io',
    ];
    const found = await observe(
      { ...ARGO, ...Object.fromEntries(all.map((path) => [path, 'refused'])) },
      {},
      { kind: 'refused', reason: 'sam cannot create subjectaccessreviews' },
    );
    for (const check of [
      'kubernetes',
      'impersonation',
      'generators',
      'applicationsets',
      'accounts',
      'expiry',
      'entrance',
    ]) {
      expect(found.get(check), check).toMatchObject({
        status: 'unknown',
        message: expect.stringMatching(/^could not read .*: sam cannot/),
      });
    }
  });

  it('where Argo CD is not, of a platform of several clusters, is looked at for previews only', async () => {
    const clusters = [
      { name: 'big', server: 'https://big.example.com', when: { sizes: ['large'] } },
      { name: 'main', server: 'https://kubernetes.default.svc' },
    ];
    const found = await observe({}, { clusters });
    expect(found.get('argocd')).toMatchObject({ status: 'warn' });
    expect(found.has('impersonation')).toBe(false);
    expect(found.has('expiry')).toBe(true);
  });

  it('where only Argo CD runs is not asked for an entrance', async () => {
    const found = await observe(ARGO, { clusters: [{ name: 'big', server: 'https://big.example.com' }] });
    expect(found.has('impersonation')).toBe(true);
    expect([...found.keys()]).not.toEqual(expect.arrayContaining(['entrance']));
  });

  it('with a gateway is asked for its class, which somebody serves, and for the Gateway', async () => {
    const gateway = { ingress: { kind: 'gateway', class: 'envoy', controllerNamespace: 'envoy' } };
    const at = '/apis/gateway.networking.k8s.io/v1';
    const classes = `${at}/gatewayclasses/envoy`;
    const live = `${at}/namespaces/envoy/gateways/previews`;
    expect((await observe({}, gateway)).get('entrance')?.message).toMatch(/no GatewayClass envoy/);
    const waiting = await observe(
      { [classes]: conditions(['Accepted', 'Unknown', 'Waiting for controller']), [live]: conditions() },
      gateway,
    );
    expect(waiting.get('entrance')?.message).toBe(
      'No controller has accepted GatewayClass envoy: Waiting for controller.',
    );
    expect(waiting.get('gateway')).toMatchObject({ status: 'fail' });
    const well = await observe(
      { [classes]: conditions(['Accepted', 'True']), [live]: conditions(['Programmed', 'True']) },
      gateway,
    );
    expect([well.get('entrance')?.status, well.get('gateway')?.status]).toEqual(['ok', 'ok']);
  });

  it.each([
    ['kyverno', 'admission/kyverno', 'kyverno-resource-validating-webhook-cfg', ['Ignore', 'Fail'], 'ok'],
    ['kyverno', 'admission/kyverno', 'kyverno-resource-validating-webhook-cfg', ['Ignore'], 'fail'],
    ['kyverno-legacy', 'admission/kyverno', 'another', ['Fail'], 'fail'],
    ['gatekeeper', 'admission/gatekeeper', 'gatekeeper-validating-webhook-configuration', ['Ignore'], 'fail'],
    ['gatekeeper', 'admission/gatekeeper', 'gatekeeper-validating-webhook-configuration', ['Fail'], 'ok'],
  ])('with %s: %s by %s with %j is %s', async (engine, check, name, policies, status) => {
    const webhooks = policies.map((failurePolicy) => ({ failurePolicy }));
    const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
    const found = await observe(
      { [path]: { items: [{ metadata: { name }, webhooks }] } },
      { policies: { engines: [engine] } },
    );
    expect(found.get(check)).toMatchObject({ status });
  });

  it.each([
    ['2026-11-06T11:58:00Z', 'ok'],
    ['2026-11-06T09:00:00Z', 'fail'],
    [undefined, 'fail'],
  ])('whose clean-up by Kyverno last ran at %s is %s', async (lastExecutionTime, status) => {
    const path = '/apis/policies.kyverno.io/v1/deletingpolicies/greenroom-expired-previews';
    const policy = { metadata: { creationTimestamp: '2026-11-01T00:00:00Z' }, status: { lastExecutionTime } };
    expect((await observe({ [path]: policy }, { policies: { engines: ['kyverno'] } })).get('expiry')).toMatchObject({
      status,
    });
  });
});

describe('kubectl', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'greenroom-kubectl-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A program of that name that says one thing. */
  function says(stdout: string, stderr: string, code: number) {
    const program = join(folder, 'kubectl');
    writeFileSync(program, `#!/bin/sh\nprintf '%s' '${stdout}'\nprintf '%s\\n' '${stderr}' >&2\nexit ${code}\n`);
    chmodSync(program, 0o755);
    return { env: { PATH: `${folder}:${process.env['PATH']}` } };
  }

  it.each([
    [
      'a kind that is not there',
      'Error from server (NotFound): the server could not find the requested resource',
      { kind: 'missing' },
    ],
    [
      'a right that is missing',
      'Error from server (Forbidden): pods is forbidden: User "sam" cannot list resource "pods"',
      { kind: 'refused', reason: 'pods is forbidden: User "sam" cannot list resource "pods"' },
    ],
    [
      'a token that has ended',
      'error: You must be logged in to the server (Unauthorized)',
      { kind: 'refused', reason: 'You must be logged in to the server (Unauthorized)' },
    ],
    [
      'a proxy between',
      'Error from server (InternalError): an error on the server ("<html>") has prevented the request',
      { kind: 'refused', reason: 'an error on the server ("<html>") has prevented the request' },
    ],
  ])('is understood when it tells of %s', async (_, stderr, answer) => {
    expect(await kubectlReader(says('', stderr, 1)).get('/x')).toEqual(answer);
  });

  it('is understood when it answers, and when the answer is none', async () => {
    expect(await kubectlReader(says('{"a": 1}', '', 0)).get('/x')).toEqual({ kind: 'found', value: { a: 1 } });
    expect(await kubectlReader(says('<html>', '', 0)).get('/x')).toMatchObject({ kind: 'refused' });
    expect(await kubectlReader(says('{"status": {"allowed": true}}', '', 0)).may('x', DEED)).toEqual({
      kind: 'found',
      value: true,
    });
  });

  const DEED = { verb: 'get', group: '', resource: 'secrets' };

  it('that reaches nothing is an error of its own, as is one that is not there', async () => {
    const dead = says('', 'The connection to the server 127.0.0.1:1 was refused - did you specify the right host?', 1);
    await expect(kubectlReader(dead).get('/x')).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('127.0.0.1:1 was refused'),
    });
    await expect(kubectlReader({ env: { PATH: '/nonexistent' } }).get('/x')).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('--no-cluster'),
    });
    await expect(contextName(says('', 'error: current-context is not set', 1))).rejects.toMatchObject({
      code: 'invalid-input',
    });
  });
});
