import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createCompiler } from '../../lib/compile/compile.ts';
import { formatProblem, GreenroomError } from '../../lib/core/errors.ts';
import { sealedProblem } from '../../lib/model/sealed-value.ts';
import { seal } from '../../lib/secrets/sealed-secret.ts';
import { compileInput, manifests, OPENED, platform, previewText } from '../support/inputs.ts';
import fc from '../support/property.ts';
import { sealedLike } from '../support/sealed.ts';

/** What is wrong with a SealedSecret that has this value, before anything is committed. */
function problems(value: string): string[] {
  const text = `apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: { name: preview-secrets }\nspec:\n  encryptedData:\n    stripe: ${JSON.stringify(value)}\n`;
  const input = compileInput(previewText('manifests: k8s'), { manifests: manifests({ 'k8s/sealed.yaml': text }) });
  try {
    createCompiler({ platform: platform('secrets: { mechanism: sealed-secrets }'), now: OPENED })(input);
    return [];
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    return error.problems.map(formatProblem);
  }
}

/** Bytes that claim to begin with an RSA part of this length. */
const claimed = (length: number, rest: Buffer) => {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(length);
  return Buffer.concat([head, rest]).toString('base64');
};
const prose = 'A password that somebody wrote down: hunter2. '.repeat(40);

describe('a value that only looks sealed is refused before anything is committed', () => {
  test.each([
    ['plain text', 'hunter2', 'is not base64'],
    ['a plain value that begins as sealed ones do', 'AgAhunter2', 'is not base64'],
    ['one of the right length, too', `AgA${prose}`.slice(0, 800), 'is not base64'],
    ['letters alone', `AgA${'hunter'.repeat(200)}x`, 'is not random'],
    ['encoded text', Buffer.from(prose).toString('base64'), 'does not begin as sealed text does'],
    ['encoded text behind the right length', claimed(512, Buffer.from(prose)), 'is not random'],
    ['zeros', claimed(256, Buffer.alloc(400)), 'is not random'],
    ['a sealed value that was cut', sealedLike().slice(0, 340), 'is cut off'],
    ['a key that is shorter than any', claimed(128, Buffer.from(sealedLike(), 'base64')), 'does not begin as sealed'],
    ['nothing', '', 'does not begin as sealed text does'],
  ])('%s', (_, value, problem) => {
    expect(problems(value)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^k8s/sealed\\.yaml:6:13: spec\\.encryptedData\\.stripe: is not sealed, since it ${problem}.*greenroom secrets seal`,
        ),
      ),
    ]);
  });

  test('no message repeats the value', () => {
    expect(problems('AgAhunter2').join()).not.toContain('hunter2');
  });
});

test('what is sealed for a key of any length passes, with any value', () => {
  const keys = [2048, 3072].map((modulusLength) => generateKeyPairSync('rsa', { modulusLength }).publicKey);
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.uint8Array({ maxLength: 2000 }), (key, value) => {
      expect(sealedProblem(seal(value, key, { namespace: 'pr-shop-7', name: 'preview-secrets' }))).toBeUndefined();
    }),
  );
  // Line breaks are no part of it, as for the controller.
  expect(sealedProblem(sealedLike().replace(/(.{76})/g, '$1\n'))).toBeUndefined();
});
