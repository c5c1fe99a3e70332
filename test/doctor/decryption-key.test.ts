import { expect, test } from 'vitest';
import type { ClusterAnswer } from '../../lib/cluster/reader.ts';
import { decryptionKey } from '../../lib/reconcilers/flux/decryption-key.ts';
import { platform } from '../support/inputs.ts';

/** Made by age-keygen 1.2 for this test; they open nothing. */
const PRIVATE = 'AGE-SECRET-KEY-1Z5UQLGXPVNSLDKYYHKY6XC4DNV2SUCR7D0GV4T6DTR9TAMJMGQ6Q982GQK'; // not-a-secret: made for this test
const RECIPIENT = 'age12w37805mtmxq3xeu8nt7t0ts9v4nrlmpzqfkfz59yp7ex0zn034qg95p4d';
const OTHER = 'age1xwrmwg4sq7wczahqtlsh8a8crkr0cxxamv29538gycw5z3ez3smskdh9e3';

const secret = (data: Record<string, string>): ClusterAnswer => ({
  kind: 'found',
  value: {
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
  },
});

async function check(answer: ClusterAnswer, sops = `recipients: [${RECIPIENT}]`) {
  const asked: string[] = [];
  const results = await decryptionKey({
    platform: platform(
      `reconciler: flux\npolicies: { engines: [vap, kyverno] }\nsecrets: { mechanism: sops, sops: { ${sops} } }`,
    ),
    reader: {
      get: async (path) => {
        asked.push(path);
        return answer;
      },
      may: async () => ({ kind: 'missing' }),
    },
    now: 0,
  });
  return { asked, results };
}

const file = `# created: 2026-11-30T12:00:00Z\n# public key: ${RECIPIENT}\n${PRIVATE}\n`;

test('the key that belongs to a recipient is well, also beside others', async () => {
  const { asked, results } = await check(secret({ 'age.agekey': file }));
  expect(asked).toEqual(['/api/v1/namespaces/flux-system/secrets/sops-age']);
  expect(results).toMatchObject([{ check: 'sops', status: 'ok' }]);
  const more = await check(secret({ 'age.agekey': file, 'pgp.asc': 'x' }), `recipients: [${OTHER}, ${RECIPIENT}]`);
  expect(more.results).toMatchObject([{ status: 'ok' }]);
});

test.each<[string, ClusterAnswer, string | undefined, string, RegExp]>([
  ['no Secret', { kind: 'missing' }, undefined, 'fail', /^There is no Secret sops-age in flux-system: Flux applies no/],
  ['a Secret that may not be read', { kind: 'refused', reason: 'no' }, undefined, 'unknown', /could not read Secret/],
  ['a key under another name', secret({ 'keys.txt': file }), undefined, 'fail', /has no key that Flux reads/],
  [
    'the key of somebody else',
    secret({ 'age.agekey': file }),
    `recipients: [${OTHER}]`,
    'fail',
    new RegExp(`its keys are for ${RECIPIENT}\\.$`),
  ],
  [
    'a key with a wrong letter',
    secret({
      'age.agekey': file.replace(
        PRIVATE,
        PRIVATE.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q')),
      ),
    }),
    undefined,
    'fail',
    /its keys are for none of age\.$/,
  ],
  [
    'keys of PGP',
    secret({ 'a.asc': 'x' }),
    'recipients: ["85D77543B3D624B63CEA9E6DBC17301B491B3F21"]',
    'ok',
    /not compared/,
  ],
  ['keys of PGP for recipients of age', secret({ 'a.asc': 'x' }), undefined, 'fail', /none of age\.$/],
])('%s', async (_, answer, sops, status, message) => {
  const { results } = await check(answer, sops);
  expect(results).toMatchObject([{ status, message: expect.stringMatching(message) }]);
  expect(JSON.stringify(results)).not.toContain(PRIVATE.slice(20));
});

test('nothing is asked where Flux signs in to a service by itself, or nothing is encrypted', async () => {
  expect(await check({ kind: 'missing' }, `recipients: [${OTHER}], key: null`)).toEqual({ asked: [], results: [] });
});
