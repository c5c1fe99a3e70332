import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checked, checkPiece, evaluate } from '../../lib/evidence/evaluate/evaluate.ts';
import type { Piece } from '../../lib/evidence/signatures/pieces.ts';
import { createTrust } from '../../lib/evidence/signatures/trust.ts';
import { platform } from '../support/inputs.ts';
import { Authority, type Holder } from './authority.ts';
import { sha256 } from './registry-server.ts';
import * as signing from './signing.ts';

const NOW = Date.UTC(2026, 10, 24, 8) / 1000;
const HEAD = 'a1b2c3d'.padEnd(40, '0');
const MERGE = 'd4e5f60'.padEnd(40, '1');
const DIGEST = sha256('an image');
const ISSUER = 'https://token.actions.githubusercontent.com';
const WORKFLOW = 'https://github.com/acme/ci/.github/workflows/build.yml@refs/heads/main';
const US: Holder = {
  issuer: ISSUER,
  subject: WORKFLOW,
  repositoryId: '42',
  repository: 'https://github.com/acme/shop',
  commit: HEAD,
  ref: 'refs/heads/new-look',
};
const authority = new Authority(NOW);

interface Options {
  /** Trusted roots. @default - that of the authority */
  readonly roots?: readonly string[];
  readonly subject?: string;
  readonly parents?: readonly string[];
  readonly demand?: 'signature' | 'provenance';
}

/** What is said of these bundles and pieces. */
function verdict(pieces: readonly (string | Piece)[], options: Options = {}) {
  const { roots = [authority.root()], subject = WORKFLOW, parents = [], demand = 'signature' } = options;
  const files = new Map(roots.map((text, i) => [`trust/${i}.json`, text]));
  const identity = `{ issuer: "${ISSUER}", subject: "${subject}" }`;
  const { evidence } = platform(
    `evidence: { require: [${demand}], identities: [${identity}], trustedRoots: [${[...files.keys()].join(', ')}] }`,
  );
  const policy = { settings: evidence, trust: createTrust(evidence, files, NOW) };
  const found = pieces.map((piece) => {
    if (typeof piece !== 'string') return checkPiece(piece, DIGEST, policy.trust);
    return checkPiece({ format: 'bundle', digest: sha256(piece), bytes: Buffer.from(piece) }, DIGEST, policy.trust);
  });
  const mergeParents = new Map([[MERGE, parents]]);
  const about = { repositoryId: 42, repository: 'acme/shop', number: 7, head: HEAD, mergeParents };
  return evaluate(checked(found), policy, about, NOW).verdicts[demand];
}

const signature = (holder: Partial<Holder> = {}, at?: number, about = DIGEST) =>
  authority.bundle(signing.statement({ subject: about }), { ...US, ...holder }, at);

describe('a keyless signature', () => {
  test('by an identity of the platform counts, in both layouts', () => {
    expect(verdict([signature()])).toMatchObject({ status: 'shown', sentence: expect.stringContaining(WORKFLOW) });
    const { payload, annotations } = authority.simple(DIGEST, US);
    const piece = { format: 'signature', digest: sha256(payload), bytes: Buffer.from(payload), annotations } as const;
    expect(verdict([piece])).toMatchObject({ status: 'shown' });
    expect(verdict([{ ...piece, annotations: { ...annotations, 'dev.sigstore.cosign/bundle': '{}' } }])).toMatchObject({
      status: 'missing',
    });
  });

  test('by a person counts as well', () => {
    expect(verdict([signature({ subject: 'mia@acme.example' })], { subject: 'mia@acme.example' })).toMatchObject({
      status: 'shown',
    });
  });

  const otherAuthority = new Authority(NOW);
  test.each<[string, string, string]>([
    ['of another issuer', signature({ issuer: `${ISSUER}.evil.example` }), 'who is not trusted here'],
    ['of a subject with a suffix', signature({ subject: `${WORKFLOW}-evil` }), 'who is not trusted here'],
    [
      'of a subject with a prefix',
      signature({ subject: `https://evil.example/${WORKFLOW}` }),
      'who is not trusted here',
    ],
    [
      'of a subject where a dot is any letter',
      signature({ subject: WORKFLOW.replace('github.com', 'githubxcom') }),
      'who is not trusted',
    ],
    ['by a certificate for servers', signature({ usage: '1.3.6.1.5.5.7.3.1' }), 'not for code signing'],
    ['by a certificate for nothing', signature({ usage: null }), 'not for code signing'],
    ['of another authority', otherAuthority.bundle(signing.statement({ subject: DIGEST }), US), 'untrusted authority'],
    ['that was made after the certificate was over', signature({}, NOW + 3600), 'outside its validity'],
    ['that was made before it began', signature({}, NOW - 3600), 'outside its validity'],
    ['without a log entry', changed((material) => ({ ...material, tlogEntries: [] })), 'no time'],
    [
      'with the log entry of another',
      changed((material) => ({ ...material, tlogEntries: entriesOf(signature()) })),
      'a log of',
    ],
    ['with a time that the log has not signed', changed((material) => withTime(material, NOW + 1)), 'a log of'],
    ['with a time and no promise', changed(withoutPromise), 'no time'],
  ])('%s is none', (_, bundle, why) => {
    expect(verdict([bundle])).toMatchObject({ status: 'wrong', sentence: expect.stringContaining(why) });
    expect(verdict([bundle, signature()])).toMatchObject({ status: 'shown' });
  });

  test('needs one of several roots, and nothing of a root that is not listed', () => {
    const [ours, other] = [authority.root(), otherAuthority.root()];
    expect(verdict([signature()], { roots: [other, ours] })).toMatchObject({ status: 'shown' });
    expect(verdict([signature()], { roots: [other] })).toMatchObject({ status: 'wrong' });
    expect(() => verdict([signature()], { roots: [authority.root({ log: false })] })).toThrow(/neither a log nor/);
  });

  test.each([
    ['ours', 'shown'],
    ['stranger', 'wrong'],
    ['other', 'wrong'],
    [undefined, 'wrong'],
  ] as const)('where the root lists a log of certificates, one that %s promises is %s', (logged, status) => {
    const holder = logged === undefined ? {} : { logged };
    expect(verdict([signature(holder)], { roots: [authority.root({ certificateLog: true })] })).toMatchObject({
      status,
    });
  });

  test('cannot count by a root whose logs have all ended; the platform team is told', () => {
    const root = JSON.parse(authority.root());
    root.tlogs[0].publicKey.validFor.end = new Date((NOW - 1) * 1000).toISOString();
    expect(() => verdict([signature()], { roots: [JSON.stringify(root)] })).toThrow(/have all expired/);
    expect(verdict([signature()], { roots: [JSON.stringify(root), authority.root()] })).toMatchObject({
      status: 'shown',
    });
  });

  test.each([
    ['no JSON', '<html>'],
    ['null', 'null'],
    ['a certificate that is none', authority.root().replace(/("rawBytes":")M/, '$1A')],
    ['a log of a key that is none', authority.root().replace(/("publicKey":{"rawBytes":")M/, '$1A')],
  ])('does not count by one of several roots that is broken (%s); the platform team is told which', (_, broken) => {
    expect(() => verdict([signature()], { roots: [authority.root(), broken] })).toThrow(
      /spec\.evidence\.trustedRoots\[1\].*trust\/1\.json is not a trusted root/,
    );
  });

  test('cannot count by roots that are all out of date; the platform team is told', () => {
    const files = new Map([['trust/0.json', authority.root()]]);
    const { evidence } = platform(
      'evidence: { identities: [{ issuer: https://issuer.example, subject: a@b.example }], trustedRoots: [trust/0.json] }',
    );
    const later = NOW + 11 * 365 * 86_400;
    expect(() => createTrust(evidence, files, later)).toThrow(/spec\.evidence\.trustedRoots: have all expired/);
    expect(createTrust(evidence, files, NOW).roots).toHaveLength(1);
  });

  test('with a name in its checkpoint that a careless pattern would chew on for ever is judged at once', () => {
    const evil = changed((material) => {
      const [entry] = material.tlogEntries as [{ inclusionProof: { checkpoint: { envelope: string } } }];
      const envelope = entry.inclusionProof.checkpoint.envelope.replace(
        '\u2014 rekor.test',
        `\u2014 ${'(a+)+'.repeat(2000)}$`,
      );
      return {
        ...material,
        tlogEntries: [{ ...entry, inclusionProof: { ...entry.inclusionProof, checkpoint: { envelope } } }],
      };
    });
    const started = process.cpuUsage().user;
    expect(verdict([evil])).toMatchObject({ status: 'wrong' });
    expect(process.cpuUsage().user - started).toBeLessThan(1_000_000);
  });
});

test('whatever is changed in a bundle: it breaks nothing, and no other statement ever passes for it', () => {
  const files = new Map([['trust/0.json', authority.root()]]);
  const identity = `{ issuer: "${ISSUER}", subject: "${WORKFLOW}" }`;
  const { evidence } = platform(
    `evidence: { require: [signature], identities: [${identity}], trustedRoots: [trust/0.json] }`,
  );
  const trust = createTrust(evidence, files, NOW);
  const original = Buffer.from(signature());
  const change = fc.record({ at: fc.nat(original.length - 1), byte: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const bytes = Buffer.from(original);
      for (const { at, byte } of changes) bytes[at] = byte;
      const result = checkPiece({ format: 'bundle', digest: DIGEST, bytes }, DIGEST, trust);
      if (result !== null && 'signer' in result) {
        expect(result).toMatchObject({ predicateType: signing.SIGN_V1, predicate: {}, signer: { subject: WORKFLOW } });
      }
    }),
    { numRuns: 300 },
  );
});

interface Material {
  readonly tlogEntries: readonly object[];
}

function changed(change: (material: Material) => object): string {
  const bundle = JSON.parse(signature());
  return JSON.stringify({ ...bundle, verificationMaterial: change(bundle.verificationMaterial) });
}

const entriesOf = (bundle: string): object[] => JSON.parse(bundle).verificationMaterial.tlogEntries;

function withTime(material: Material, time: number): object {
  return {
    ...material,
    tlogEntries: material.tlogEntries.map((entry) => ({ ...entry, integratedTime: String(time) })),
  };
}

function withoutPromise(material: Material): object {
  return { ...material, tlogEntries: material.tlogEntries.map((entry) => ({ ...entry, inclusionPromise: undefined })) };
}

describe('where a keyless image was built from', () => {
  const ref = 'refs/pull/7/merge';
  test.each<[string, Partial<Holder>, readonly string[], string]>([
    ['this head', {}, [], 'shown'],
    ['another commit', { commit: 'f'.repeat(40) }, [], 'wrong'],
    ['another repository under the same workflow', { repositoryId: '43' }, [], 'wrong'],
    ['a repository that has its name now', { repositoryId: '4', repository: US.repository! }, [], 'wrong'],
    ['its merge commit', { commit: MERGE, ref }, ['0'.repeat(40), HEAD], 'shown'],
    ['a merge commit of an earlier push', { commit: MERGE, ref }, ['0'.repeat(40), 'b'.repeat(40)], 'wrong'],
    ['a merge that somebody pushed', { commit: MERGE }, ['0'.repeat(40), HEAD], 'wrong'],
  ])('%s', (_, holder, parents, status) => {
    expect(verdict([signature(holder)], { demand: 'provenance', parents })).toMatchObject({ status });
  });

  test('is not known of a certificate that says nothing of it', () => {
    const { issuer, subject } = US;
    const bundle = authority.bundle(signing.statement({ subject: DIGEST }), { issuer, subject });
    expect(verdict([bundle], { demand: 'provenance' })).toMatchObject({ status: 'missing' });
  });
});
