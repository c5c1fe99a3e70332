import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import { GreenroomError } from '../../lib/core/errors.ts';
import { loadPlatform } from '../../lib/policies/platform.ts';
import { inProcess } from '../support/command.ts';
import { tempFolder } from '../support/git.ts';
import { compileInput, manifests, OPENED, platform, platformText, previewText } from '../support/inputs.ts';
import { sealedLike } from '../support/sealed.ts';

/** As sops itself wrote it. */
const ENCRYPTED = readFileSync(join(import.meta.dirname, 'goldens/sops.yaml'), 'utf8');
const RECIPIENT = /age1\w+/.exec(ENCRYPTED)![0];
const ENC = /ENC\[AES256_GCM,\S+type:str\]/.exec(ENCRYPTED)![0];

const SETTINGS = `reconciler: flux\npolicies: { engines: [vap, kyverno] }\nsecrets: { mechanism: sops, sops: { recipients: [${RECIPIENT}] } }`;
const PREVIEW = previewText('secrets: { STRIPE_KEY: acme/shop/stripe }\nmanifests: k8s');

function compile(secret: string, settings = SETTINGS, preview = PREVIEW) {
  return createCompiler({ platform: platform(settings), now: OPENED })(
    compileInput(preview, { manifests: manifests({ 'k8s/secret.yaml': secret }) }),
  );
}

/** The sentences about a Secret; what is bad input counts as well. */
function said(secret: string, settings?: string): string[] {
  try {
    return compile(secret, settings).findings.map(({ message, rule }) => `${rule}: ${message}`);
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    return error.problems.map(({ message }) => `problem: ${message}`);
  }
}

const withData = (more: string) => ENCRYPTED.replace('stringData:', `stringData:\n    more: ${more}`);

describe('a Secret that sops has encrypted', () => {
  test('is committed as it is but for its namespace, in its own order', () => {
    const { files, denied, findings } = compile(ENCRYPTED);
    expect([denied, findings]).toEqual([false, []]);
    const text = files.get('previews/main/shop/pr-shop-7/app/secret.preview-secrets.yaml')!;
    const [before, after] = [parse(ENCRYPTED), parse(text)];
    expect(after).toEqual({ ...before, metadata: { name: 'preview-secrets', namespace: 'pr-shop-7' } });
    // The check sum is over values as they follow each other.
    const order = (object: object) => JSON.stringify(object, (key, value) => (key === 'metadata' ? {} : value));
    expect(order(after)).toBe(order(before));
  });

  test('is decrypted by Flux for the app alone, with the key that the platform names', () => {
    const kustomization = (settings: string, name: string) =>
      parse(compile(ENCRYPTED, settings).files.get(`previews/main/shop/pr-shop-7/flux/kustomization.${name}.yaml`)!)
        .spec;
    expect(kustomization(SETTINGS, 'pr-shop-7').decryption).toEqual({
      provider: 'sops',
      secretRef: { name: 'sops-age' },
    });
    expect(kustomization(SETTINGS, 'pr-shop-7-fence').decryption).toBeUndefined();
    const ofCloud = SETTINGS.replace('sops: {', 'sops: { key: null,');
    expect(kustomization(ofCloud, 'pr-shop-7').decryption).toEqual({ provider: 'sops' });
  });

  test('has the keys that the app reads, or the app is refused', () => {
    expect(said(ENCRYPTED.replace('    stripe:', '    strip:'))).toEqual([
      expect.stringContaining('no-dangling-references: It reads the key stripe of the Secret preview-secrets'),
    ]);
  });

  test.each<[string, string, string]>([
    [
      'is not encrypted at all',
      'apiVersion: v1\nkind: Secret\nmetadata: { name: preview-secrets }\nstringData: { stripe: hunter2 }\n',
      'key stripe',
    ],
    ['has one value written out', withData('hunter2'), 'key more'],
    ['has one written out under data', ENCRYPTED.replace('\ndata:', '\ndata:\n    more: aHVudGVyMg=='), 'key more'],
    ['has one that only begins as encrypted', withData('"ENC[hunter2]"'), 'key more'],
    ['has one with something behind it', withData(`"${ENC} hunter2"`), 'key more'],
    ['has one behind a line break', withData(`"${ENC}\\nhunter2"`), 'key more'],
    ['has one of another type', withData(ENC.replace('type:str', 'type:int')), 'key more'],
    ['has a list for a value', withData(`[${ENC}]`), ''],
    ['has a map for a value', withData(`{ a: hunter2 }`), ''],
    ['has a value in another field', `${ENCRYPTED}more: hunter2\n`, 'the field more'],
    [
      'has values that sops leaves alone by their suffix',
      ENCRYPTED.replace('    encrypted_regex: ^(data|stringData)$', '    unencrypted_suffix: _plain').replace(
        'stringData:',
        'stringData:\n    key_plain: hunter2',
      ),
      'key key_plain',
    ],
    ['has no check sum', ENCRYPTED.replace(/\n {4}mac: .*/, ''), 'no sops.mac'],
    ['has a check sum of something else', ENCRYPTED.replace(/\n {4}mac: .*/, '\n    mac: abc'), 'no sops.mac'],
    [
      'has a check sum over what greenroom sets',
      ENCRYPTED.replace('mac_only_encrypted: true', 'mac_only_encrypted: false'),
      'no mac_only_encrypted',
    ],
    ['says so by a text', ENCRYPTED.replace('mac_only_encrypted: true', 'mac_only_encrypted: "true"'), ''],
    ['has no recipient', ENCRYPTED.replace(/ {4}age:[\s\S]*?(?= {4}encrypted_regex)/, ''), 'no recipient'],
    [
      'is for somebody else as well',
      ENCRYPTED.replace('    age:\n', '    age:\n        - { recipient: age1stranger, enc: x }\n'),
      'the recipient age1stranger',
    ],
    [
      'is for somebody else by a group of keys',
      ENCRYPTED.replace('    age:\n', '    key_groups: [{ pgp: [{ fp: ABCDEF }] }]\n    age:\n'),
      'the recipient ABCDEF',
    ],
    [
      'is for somebody else by a key that nobody knows',
      ENCRYPTED.replace('    age:\n', '    hckms: [{ key_id: x }]\n    age:\n'),
      'under sops hckms',
    ],
    [
      'is for somebody else by a key that nobody knows, in a group',
      ENCRYPTED.replace('    age:\n', '    key_groups: [{ hckms: [{ key_id: x }] }]\n    age:\n'),
      'under sops.key_groups hckms',
    ],
    [
      'is for somebody else by a group in a group',
      ENCRYPTED.replace(
        '    age:\n',
        '    key_groups: [{ key_groups: [{ age: [{ recipient: age1stranger }] }] }]\n    age:\n',
      ),
      'under sops.key_groups key_groups',
    ],
    [
      'is sealed, with a value beside what is sealed',
      `apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: { name: a }\nspec: { encryptedData: { A: ${sealedLike()} } }\nstringData: { B: hunter2 }\n`,
      'is not a field of a SealedSecret',
    ],
    ['has metadata of sops that are no map', ENCRYPTED.replace(/^sops:\n[\s\S]*/m, 'sops: yes please\n'), ''],
    ['has an alias', ENCRYPTED.replace('    stripe:', '    x: &x a\n    y: *x\n    stripe:'), ''],
    ['has a key twice', withData(ENC).replace('    stripe:', '    more: x\n    stripe:'), ''],
    ['is encrypted whole, its kind included', ENCRYPTED.replace('kind: Secret', `kind: ${ENC}`), ''],
    [
      'becomes a key to the cluster',
      ENCRYPTED.replace('type: Opaque', 'type: kubernetes.io/service-account-token'),
      '',
    ],
    ['has a type that nobody can read', ENCRYPTED.replace('type: Opaque', `type: ${ENC}`), ''],
    ['is no Secret, but hides what it is', ENCRYPTED.replace('kind: Secret', 'kind: ConfigMap'), 'for Secrets alone'],
    [
      'has a key whose place is not kept',
      ENCRYPTED.replace('    stripe:', `    "10": ${ENC}\n    stripe:`),
      'digits alone',
    ],
  ])('that %s is refused', (_, secret, words) => {
    expect(secret).not.toBe(ENCRYPTED);
    const sentences = said(secret);
    expect(sentences.join('\n')).toContain(words);
    expect(sentences.length).toBeGreaterThan(0);
    expect(sentences.join('\n')).not.toContain('hunter2');
    if (sentences.every((text) => !text.startsWith('problem'))) expect(compile(secret).denied).toBe(true);
  });

  test('is refused by no exception and no severity less', () => {
    const weaker = SETTINGS.replace('policies: {', 'policies: { severities: { encrypted-secrets: warn },');
    expect(() => loadPlatform(platformText(weaker), 'p')).toThrow('cannot be changed');
  });

  test('is held to the same by check, and is no kind of a preview elsewhere', async () => {
    const cwd = tempFolder();
    const check = async (text: string, settings: string) => {
      writeFileSync(join(cwd, 'greenroom.yaml'), platformText(settings));
      writeFileSync(join(cwd, 'secret.yaml'), text);
      return inProcess(['check', 'secret.yaml'], cwd);
    };
    expect(await check(ENCRYPTED, SETTINGS)).toMatchObject({ code: 0, stdout: '' });
    const plain = await check(withData('hunter2'), SETTINGS);
    expect(plain).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('secret.yaml:7:5: stringData: A Secret is not'),
    });
    const elsewhere = await check(ENCRYPTED, '');
    expect(elsewhere.stdout).toContain('[allowed-kinds]');
    expect(elsewhere.stdout).toContain('[no-inline-secrets]');
  });
});

describe('a platform with sops', () => {
  const problems = (settings: string) => {
    try {
      loadPlatform(platformText(settings), 'greenroom.yaml');
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  test('names who can open the files', () => {
    expect(problems('reconciler: flux\nsecrets: { mechanism: sops }')).toContain(
      'spec.secrets.sops.recipients: must name who can open encrypted files',
    );
  });

  test('has a reconciler that decrypts, or a plugin of its own', () => {
    const withArgo = SETTINGS.replace('reconciler: flux\npolicies: { engines: [vap, kyverno] }\n', '');
    expect(problems(withArgo)).toContain('spec.secrets.mechanism: cannot be sops with Argo CD, which does not decrypt');
    expect(problems(withArgo.replace('sops: {', 'sops: { plugin: true,'))).toBe('');
    expect(problems(SETTINGS)).toBe('');
  });
});
