import { describe, expect, it } from 'vitest';
import { imageVerifiers } from '../../lib/doctor/cluster/image-verifiers.ts';
import { keyPair } from '../evidence/signing.ts';
import { platform } from '../support/inputs.ts';

const CONTROLLER = '/api/v1/namespaces/cosign-system/configmaps/config-policy-controller';
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const KYVERNO = '/api/v1/namespaces/kyverno/configmaps/kyverno';
const SIGNED = `evidence: { require: [signature], admission: signatures, verifier: policy-controller, layout: older, keys: [${JSON.stringify(keyPair().pem)}] }`;
const ENGINE = 'policies: { engines: [kyverno] }';

/** What is said of a cluster that answers so, by check. */
async function observe(settings: string, paths: Record<string, unknown>, refused = false) {
  const reader = {
    get: async (path: string) =>
      refused
        ? ({ kind: 'refused', reason: 'sam cannot get it' } as const)
        : path in paths
          ? ({ kind: 'found', value: paths[path] } as const)
          : ({ kind: 'missing' } as const),
    may: async () => ({ kind: 'found', value: true }) as const,
  };
  const look = {
    reader,
    platform: platform(settings),
    wanted: [],
    previews: true,
    home: true,
    isKnown: () => true,
    now: 0,
  };
  return new Map((await imageVerifiers(look)).map((each) => [each.check, each]));
}

describe('policy-controller', () => {
  it.each<[Record<string, string>, string, string]>([
    [{}, 'ok', 'denies'],
    [{ 'no-match-policy': 'deny', 'enable-oci11': 'false' }, 'ok', 'denies'],
    [{ 'enable-oci11': 'true' }, 'fail', 'enable-oci11'],
    [{ 'fail-on-empty-authorities': 'false' }, 'fail', 'fail-on-empty-authorities'],
    [{ 'no-match-policy': 'warn' }, 'warn', 'no-match-policy: warn'],
    [{ 'no-match-policy': 'allow' }, 'warn', 'no-match-policy: allow'],
  ])('with %j is %s', async (data, status, words) => {
    const found = (await observe(SIGNED, { [CONTROLLER]: { data } })).get('images/policy-controller');
    expect(found).toMatchObject({ status, message: expect.stringContaining(words) });
  });

  it.each([
    [[], 'fail'],
    [[{ failurePolicy: 'Fail' }], 'ok'],
    [[{ failurePolicy: 'Ignore' }], 'fail'],
  ])('with the webhooks %j is %s', async (webhooks, status) => {
    const items = [{ metadata: { name: 'policy.sigstore.dev' }, webhooks }];
    const found = await observe(SIGNED, { [WEBHOOKS]: { items } });
    expect(found.get('admission/policy-controller')).toMatchObject({ status });
  });

  it('that nobody lets us look at is never called well, and where it is not asked for nothing is said', async () => {
    expect([...(await observe(SIGNED, {}, true)).values()].map(({ status }) => status)).toEqual(['unknown', 'unknown']);
    expect(await observe('', {})).toEqual(new Map());
  });
});

describe('Kyverno', () => {
  it('that is installed somewhere else is not called well', async () => {
    const found = await observe(ENGINE, {});
    expect(found.get('admission/kyverno-settings')).toMatchObject({ status: 'unknown' });
  });

  it.each([
    ['[Event,*,*] [*/*,kube-system,*] [Node/?*,*,*] [Pod/binding,*,*] [ReplicaSet,*,*]', 'ok'],
    ['[*/*,kyverno,*]\n[Pod,other-*,*]', 'ok'],
    ['[Pod,*,*]', 'fail'],
    ['[*,pr-*,*]', 'fail'],
    ['[*/*,pr-shop-?,*]', 'fail'],
    ['[apps/v1/Deployment,*,*]', 'fail'],
    ['[Pod]', 'fail'],
  ])('that filters %j is %s', async (resourceFilters, status) => {
    const found = (await observe(ENGINE, { [KYVERNO]: { data: { resourceFilters } } })).get(
      'admission/kyverno-settings',
    );
    expect(found).toMatchObject({ status });
  });

  it.each([
    [{ excludeGroups: 'system:nodes' }, 'ok'],
    [{ excludeGroups: '!system:authenticated, system:masters' }, 'ok'],
    [{ excludeGroups: 'system:nodes,system:serviceaccounts' }, 'fail'],
    [{ excludeGroups: 'system:serviceaccounts:*' }, 'fail'],
    [{ excludeUsernames: 'system:kube-controller-manager' }, 'fail'],
    [{ excludeUsernames: 'system:serviceaccount:kube-system:*' }, 'fail'],
  ])('that leaves out %j is %s', async (data, status) => {
    const found = (await observe(ENGINE, { [KYVERNO]: { data } })).get('admission/kyverno-settings');
    expect(found).toMatchObject({ status });
  });

  it.each<[string, object, string]>([
    ['/apis/policies.kyverno.io/v1/policyexceptions', { policyRefs: [{ name: 'greenroom-signed-image' }] }, 'warn'],
    ['/apis/kyverno.io/v2/policyexceptions', { exceptions: [{ policyName: 'greenroom-no-host-path' }] }, 'warn'],
    ['/apis/kyverno.io/v2/policyexceptions', { exceptions: [{ policyName: '*' }] }, 'warn'],
    ['/apis/kyverno.io/v2/policyexceptions', { exceptions: [{ policyName: 'others' }] }, 'ok'],
  ])('with an exception under %s of %j is %s', async (path, spec, status) => {
    const items = [{ metadata: { name: 'mine', namespace: 'team' }, spec }];
    const found = (await observe(ENGINE, { [path]: { items } })).get('admission/kyverno-exceptions');
    expect(found).toMatchObject({ status });
  });
});
