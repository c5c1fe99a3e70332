import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { firstDifference } from '../../lib/doctor/cluster/compare.ts';
import { scaffoldFiles } from '../../lib/scaffold/files.ts';
import { readScaffoldTemplate } from '../../lib/scaffold/template.ts';
import { platform, platformText } from '../support/inputs.ts';

// biome-ignore lint/suspicious/noExplicitAny: manifests are read as plain data
type Json = any;

const objects = [
  ...scaffoldFiles({
    platform: platform(),
    platformText: platformText(),
    exceptions: [],
    version: '0.0.0',
    template: readScaffoldTemplate(),
    command: '',
  }),
]
  .filter(([path]) => /^(?:bootstrap|policies)\//.test(path))
  .map(([, text]) => parse(text) as Json);

const find = (kind: string, name: string): Json => {
  const found = objects.find((o) => o.kind === kind && o.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return structuredClone(found);
};

/** As an API server gives it back. */
function served(object: Json): Json {
  const live = structuredClone(object);
  Object.assign(live.metadata, { uid: 'u', resourceVersion: '1', creationTimestamp: '2026-11-24T08:00:00Z' });
  if (live.kind === 'ValidatingAdmissionPolicy') {
    live.spec.matchConstraints = {
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      ...live.spec.matchConstraints,
    };
    for (const rule of live.spec.matchConstraints.resourceRules) rule.scope ??= '*';
    live.status = { observedGeneration: 1 };
  }
  if (live.kind === 'CronJob') live.spec.jobTemplate.spec.template.spec.dnsPolicy = 'ClusterFirst';
  return live;
}

describe('an object of the cluster beside what greenroom writes', () => {
  test('is the same with what a server adds', () => {
    expect(objects.length).toBeGreaterThan(80);
    for (const object of objects) expect(firstDifference(object, served(object)), object.metadata.name).toBeNull();
  });

  const POLICY = 'ValidatingAdmissionPolicy';
  test.each<[what: string, kind: string, name: string, change: (o: Json) => void, where: string]>([
    [
      'a rule that lets everything pass',
      POLICY,
      'greenroom-no-privileged',
      (o) => (o.spec.validations[0].expression = 'true'),
      'spec.validations[0].expression',
    ],
    [
      'a guard that matches nobody',
      POLICY,
      'greenroom-fencer',
      (o) => (o.spec.matchConditions[0].expression = 'false'),
      'spec.matchConditions[0].expression',
    ],
    [
      'a condition that was added',
      POLICY,
      'greenroom-no-privileged',
      (o) => o.spec.matchConditions.push({ name: 'x', expression: 'false' }),
      'spec.matchConditions',
    ],
    [
      'namespaces that were left out',
      POLICY,
      'greenroom-fence',
      (o) => (o.spec.matchConstraints.namespaceSelector = { matchLabels: { a: 'b' } }),
      'spec.matchConstraints.namespaceSelector',
    ],
    [
      'resources that were left out',
      POLICY,
      'greenroom-fence',
      (o) => (o.spec.matchConstraints.excludeResourceRules = [{ resources: ['*'] }]),
      'spec.matchConstraints.excludeResourceRules',
    ],
    ['one rule less', POLICY, 'greenroom-fence', (o) => o.spec.validations.pop(), 'spec.validations'],
    [
      'a policy that fails open',
      POLICY,
      'greenroom-fence',
      (o) => (o.spec.failurePolicy = 'Ignore'),
      'spec.failurePolicy',
    ],
    [
      'a binding that only warns',
      `${POLICY}Binding`,
      'greenroom-fence',
      (o) => (o.spec.validationActions = ['Warn']),
      'spec.validationActions[0]',
    ],
    [
      'a binding for another policy',
      `${POLICY}Binding`,
      'greenroom-fence',
      (o) => (o.spec.policyName = 'mine'),
      'spec.policyName',
    ],
    [
      'a binding for one namespace',
      `${POLICY}Binding`,
      'greenroom-fence',
      (o) => (o.spec.matchResources = { namespaceSelector: { matchLabels: { a: 'b' } } }),
      'spec.matchResources',
    ],
    [
      'a project with another source',
      'AppProject',
      'previews',
      (o) => o.spec.sourceRepos.push('*'),
      'spec.sourceRepos',
    ],
    [
      'a project with all kinds',
      'AppProject',
      'previews',
      (o) => (o.spec.clusterResourceWhitelist = [{ group: '*', kind: '*' }]),
      'spec.clusterResourceWhitelist',
    ],
    [
      'a project with another account',
      'AppProject',
      'previews',
      (o) => (o.spec.destinationServiceAccounts[0].defaultServiceAccount = 'kube-system:admin'),
      'spec.destinationServiceAccounts[0].defaultServiceAccount',
    ],
    [
      'an ApplicationSet of another project',
      'ApplicationSet',
      'previews-main',
      (o) => (o.spec.template.spec.project = 'default'),
      'spec.template.spec.project',
    ],
    [
      'a root Application that syncs by hand',
      'Application',
      'greenroom',
      (o) => delete o.spec.syncPolicy.automated,
      'spec.syncPolicy.automated',
    ],
    [
      'a role that reads secrets',
      'ClusterRole',
      'preview-workloads',
      (o) => o.rules.push({ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }),
      'rules',
    ],
    ['a role with more verbs', 'ClusterRole', 'preview-fencer', (o) => o.rules[0].verbs.push('*'), 'rules[0].verbs'],
    [
      'a controller that may do everything',
      'ClusterRole',
      'argocd-application-controller',
      (o) => (o.rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]),
      'rules',
    ],
    [
      'a binding to another role',
      'ClusterRoleBinding',
      'preview-fencer',
      (o) => (o.roleRef.name = 'cluster-admin'),
      'roleRef.name',
    ],
    [
      'a binding for more accounts',
      'ClusterRoleBinding',
      'preview-fencer',
      (o) => o.subjects.push({ kind: 'Group', name: 'system:authenticated' }),
      'subjects',
    ],
    [
      'a cleaner with another command',
      'CronJob',
      'preview-cleaner',
      (o) => (o.spec.jobTemplate.spec.template.spec.containers[0].command = ['true']),
      'spec.jobTemplate.spec.template.spec.containers[0].command',
    ],
    [
      'a cleaner that runs twice at once',
      'CronJob',
      'preview-cleaner',
      (o) => (o.spec.concurrencyPolicy = 'Allow'),
      'spec.concurrencyPolicy',
    ],
  ])('differs with %s', (_, kind, name, change, where) => {
    const live = served(find(kind, name));
    change(live);
    expect(firstDifference(find(kind, name), live)).toBe(where);
  });

  test('is the same where an amount is written in another way', () => {
    const wanted = { kind: 'ResourceQuota', spec: { hard: { 'limits.cpu': '0.5', memory: '1024Mi' } } };
    expect(firstDifference(wanted, { spec: { hard: { 'limits.cpu': '500m', memory: '1Gi' } } })).toBeNull();
    expect(firstDifference(wanted, { spec: { hard: { 'limits.cpu': '501m', memory: '1Gi' } } })).toBe(
      'spec.hard.limits.cpu',
    );
  });
});
