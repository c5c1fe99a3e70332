// As much of DER as a certificate needs. Source: ITU-T X.690.

const tagged = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = Buffer.from(length.toString(16).padStart(length > 0xffff ? 6 : length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length]), bytes, content]);
};

export const sequence = (...parts: readonly Buffer[]) => tagged(0x30, ...parts);
export const setOf = (...parts: readonly Buffer[]) => tagged(0x31, ...parts);
export const utf8 = (text: string) => tagged(0x0c, Buffer.from(text));
export const octets = (content: Buffer) => tagged(0x04, content);
export const bits = (content: Buffer, unused = 0) => tagged(0x03, Buffer.from([unused]), content);
export const yes = tagged(0x01, Buffer.from([0xff]));
/** A positive one. */
export const integer = (content: Buffer) =>
  tagged(0x02, content[0]! >= 0x80 ? Buffer.concat([Buffer.alloc(1), content]) : content);
/** Of a context-specific tag; constructed ones hold other values. */
export const context = (number: number, content: Buffer, constructed = true) =>
  tagged((constructed ? 0xa0 : 0x80) | number, content);
/** Of a certificate: with two digits for the year before 2050, with four from then on. Source: RFC 5280, 4.1.2.5 */
export const time = (unixSeconds: number) => {
  const text = new Date(unixSeconds * 1000).toISOString().replace(/[-:T]|\.\d+/g, '');
  return text < '2050' ? tagged(0x17, Buffer.from(text.slice(2))) : tagged(0x18, Buffer.from(text));
};

export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((part) => {
    const digits = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return tagged(0x06, Buffer.from(bytes));
}
