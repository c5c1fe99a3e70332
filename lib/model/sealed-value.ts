/** Bytes of the authentication tag at the end, as AES-GCM makes it. */
const TAG = 16;
/** Bytes of the RSA part: keys of 2048 to 8192 bits. */
const RSA = { shortest: 256, longest: 1024 };
/**
 * Different bytes in the first 256 of an RSA part. Encrypted ones are as good as random, with about 162; below this
 * number they are for all practical purposes never. Text has fewer: ASCII has 95 printable characters.
 */
const DIFFERENT = 110;

/**
 * Why a text is not a value that Sealed Secrets has encrypted; undefined if it can be one. Without the controller's key
 * nobody knows more than its structure: the length of the RSA part in two bytes, that part, the encrypted value, a tag.
 *
 * Source: github.com/bitnami-labs/sealed-secrets, pkg/crypto/crypto.go
 */
export function sealedProblem(text: string): string | undefined {
  // As the controller's decoder: line breaks do not count.
  const base64 = text.replace(/[\r\n]/g, '');
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64) return 'is not base64';
  const length = bytes.length < 2 ? 0 : bytes.readUInt16BE();
  if (length < RSA.shortest || length > RSA.longest) return 'does not begin as sealed text does';
  if (bytes.length < 2 + length + TAG) return 'is cut off';
  return new Set(bytes.subarray(2, 2 + RSA.shortest)).size < DIFFERENT
    ? 'is not random, as what is encrypted is'
    : undefined;
}
