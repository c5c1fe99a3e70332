/** A preview file that must be refused within a second: exit code 2, nothing written. */
export interface HostilePreview {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Preview files by someone who means harm, or whose tool went wrong. Each is refused for what its name says: where the
 * attack allows it, the rest of the file is a valid preview.
 */
export function hostilePreviews(): HostilePreview[] {
  return [...oversized(), ...nested(), ...encoded(), ...hidden(), ...yamlFeatures(), ...fields()];
}

const HEAD = 'apiVersion: greenroom.dev/v1alpha1\nkind: Preview\nspec:\n  template: web-service\n';
const VALID = `${HEAD}  image: ghcr.io/acme/shop\n`;

function text(name: string, content: string): HostilePreview {
  return { name, bytes: new TextEncoder().encode(content) };
}

function repeat(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join('');
}

function oversized(): HostilePreview[] {
  const forty = repeat(40_000, (i) => `    K${i}: x\n`);
  return [
    text('10 MB of spaces', `${VALID}${' '.repeat(10_000_000)}`),
    text('10 MB of one value', `${VALID}  size: ${'a'.repeat(10_000_000)}\n`),
    text('40,000 keys', `${VALID}  env:\n${forty}`),
    text('duplicate keys up to the limit', `${VALID}  env:\n${repeat(5_000, () => '    A: "x"\n')}`),
    text('unknown keys up to the limit', `${VALID}${repeat(5_000, (i) => `  k${i}: x\n`)}`),
    text('a value of 60,000 characters in every field with a pattern', `${HEAD}  image: ${'a-'.repeat(30_000)}!\n`),
    text('a health path that invites backtracking', `${VALID}  health: /${'a/'.repeat(30_000)}!\n`),
    text('a folder that invites backtracking', `${VALID}  manifests: ${'./'.repeat(30_000)}\n`),
    text('dense list up to the limit', `${VALID}  env: [${'a,'.repeat(30_000)}]\n`),
    text('empty items up to the limit', `${VALID}  env: [${','.repeat(60_000)}]\n`),
    text('faults up to the limit', `${VALID}${'a #b\n'.repeat(12_000)}`),
    text('quotes up to the limit', `${VALID}  size: ${'"'.repeat(60_000)}\n`),
    text('comments only', '#\n'.repeat(30_000)),
    text('document ends only', '---\n'.repeat(15_000)),
  ];
}

function nested(): HostilePreview[] {
  const steps = repeat(300, (i) => `${' '.repeat(i)}a:\n`);
  return [
    text('100,000 lists deep', '['.repeat(100_000)),
    text('60,000 lists deep', `${VALID}  env: ${'['.repeat(60_000)}`),
    text('15,000 maps deep', `${VALID}  env: ${'{a: '.repeat(15_000)}`),
    text('30,000 lists deep and closed', `${VALID}  env: ${'['.repeat(30_000)}${']'.repeat(30_000)}\n`),
    text('30,000 dashes deep', `${VALID}  env:\n    ${'- '.repeat(30_000)}x\n`),
    text('30,000 question marks deep', `${VALID}  env:\n    ${'? '.repeat(30_000)}x\n`),
    text('30,000 colons deep', `${VALID}  env:\n    ${': '.repeat(30_000)}x\n`),
    text('12,000 maps on one line', `${VALID}  env:\n    ${'a: '.repeat(12_000)}x\n`),
    text('300 steps of indentation', steps),
    text('closing brackets only', `${VALID}  env: ${']'.repeat(60_000)}\n`),
  ];
}

function encoded(): HostilePreview[] {
  const valid = new TextEncoder().encode(VALID);
  const before = (...bytes: number[]): Uint8Array => Uint8Array.from([...bytes, ...valid]);
  const after = (...bytes: number[]): Uint8Array => Uint8Array.from([...valid, 0x20, 0x20, 0x23, ...bytes, 0x0a]);
  return [
    { name: 'empty', bytes: new Uint8Array() },
    { name: 'UTF-16', bytes: new Uint8Array(Buffer.from(`\ufeff${VALID}`, 'utf16le')) },
    { name: 'two byte order marks', bytes: before(0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf) },
    { name: 'Latin-1', bytes: after(0xe9) },
    { name: 'an overlong slash', bytes: after(0xc0, 0xaf) },
    { name: 'a surrogate in UTF-8', bytes: after(0xed, 0xa0, 0x80) },
    { name: 'a cut character', bytes: after(0xf0, 0x9f, 0x98) },
    { name: 'beyond Unicode', bytes: after(0xf4, 0x90, 0x80, 0x80) },
    { name: 'an image file', bytes: Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]) },
    { name: 'zeros', bytes: new Uint8Array(4096) },
  ];
}

const HIDDEN = [
  ...['\u0000', '\u0007', '\u001b', '\u007f', '\u0085', '\u009b', '\u00ad', '\u061c', '\u180e', '\u200b', '\u200d'],
  ...['\u200f', '\u2028', '\u2029', '\u202e', '\u2060', '\u2066', '\u2069', '\u3164', '\ufeff', '\uffff', '\u{e0041}'],
];

function hidden(): HostilePreview[] {
  return HIDDEN.flatMap((character) => {
    const name = `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
    const code = character.codePointAt(0)!.toString(16).padStart(8, '0');
    return [
      text(`${name} in a value`, `${VALID}  env: { A: "a${character}b" }\n`),
      text(`${name} in a comment`, `${VALID}# a${character}b\n`),
      text(`${name} in a key`, `${VALID}  env: { "A${character}": b }\n`),
      text(`${name} as an escape`, `${VALID}  env: { A: "a\\U${code}b" }\n`),
    ];
  }).concat([
    text('a lone carriage return', `${VALID}  size: small\r  port: 8080\n`),
    text('half a surrogate pair as an escape', `${VALID}  env: { A: "\\ud83d" }\n`),
  ]);
}

function yamlFeatures(): HostilePreview[] {
  const laughs = repeat(9, (i) => `  l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]\n`);
  return [
    text('billion laughs', `a:\n  l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n${laughs}`),
    text('an anchor', `${VALID}  size: &size small\n`),
    text('an alias', `${VALID}  size: &a small\n  env: { A: *a }\n`),
    text('an alias of itself', `${VALID}  env: &a { A: *a }\n`),
    text('anchors up to the limit', `${VALID}  env: [ ${'&a '.repeat(20_000)}]\n`),
    text('tags up to the limit', `${VALID}  env: [ ${'!a '.repeat(20_000)}]\n`),
    text('a tag', `${VALID}  size: !!str small\n`),
    text('a tag of a language', `${VALID}  size: !!js/function "function () { return 1 }"\n`),
    text('a binary', `${VALID}  env: { A: !!binary aGVsbG8= }\n`),
    text('a version directive', `%YAML 1.1\n---\n${VALID}`),
    text('a tag directive', `%TAG ! tag:evil.example,2026:\n---\n${VALID}`),
    text('a second document', `${VALID}---\n${VALID}`),
    text('a second document after an end', `${VALID}...\n---\n${VALID}`),
    text('an empty second document', `${VALID}---\n`),
    text('a merge key', `${VALID}  env:\n    <<: { A: b }\n`),
    text('duplicate keys', `${VALID}  size: small\n  size: large\n`),
    text('duplicate keys written differently', `${VALID}  size: small\n  "size": large\n`),
    text('duplicate keys by an escape', `${VALID}  size: small\n  "s\\x69ze": large\n`),
    text('duplicate keys in a flow', `${VALID}  env: { A: b, A: c }\n`),
    text('a number as key', `${VALID}  env: { 1: a }\n`),
    text('null as key', `${VALID}  env: { ~: a }\n`),
    text('nothing as key', `${VALID}  env: { : a }\n`),
    text('true as key', `${VALID}  env: { true: a }\n`),
    text('a list as key', `${VALID}  env: { [a]: b }\n`),
    text('a map as key', `${VALID}  env:\n    ? { a: b }\n    : c\n`),
    text('tabs for indentation', `${VALID}\tsize: small\n`),
    text('infinity', `${VALID}  port: .inf\n`),
    text('not a number', `${VALID}  port: .nan\n`),
    text('a huge integer', `${VALID}  port: 99999999999999999999\n`),
    text('a huge exponent', `${VALID}  port: 1e999\n`),
    text('an octal port', `${VALID}  port: 08080\n`),
    text('a port with an underscore', `${VALID}  port: 8_080\n`),
    text('on for text', `${VALID}  env: { A: on }\n`),
  ];
}

function fields(): HostilePreview[] {
  const keys = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'];
  return [
    ...keys.map((key) => text(`${key} as a setting`, `${VALID}  ${key}: { port: 1 }\n`)),
    ...keys.map((key) => text(`${key} at the root`, `${VALID}${key}: { port: 1 }\n`)),
    ...keys.map((key) => text(`${key} as template`, VALID.replace('web-service', key))),
    text('__proto__ as a variable', `${VALID}  env: { __proto__: x }\n`),
    text('__proto__ by an escape', `${VALID}  env: { "__pr\\x6fto__": x }\n`),
    text('__proto__ as a map of variables', `${VALID}  env: { "__proto__": { A: b } }\n`),
    text('a namespace of their choice', `${VALID}  namespace: kube-system\n`),
    text('a host of their choice', `${VALID}  host: evil.example\n`),
    text('metadata', `${VALID}metadata: { name: pr-other-1, annotations: { a: b } }\n`),
    text('raw Kubernetes', 'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { hostNetwork: true }\n'),
    text('a list of previews', 'apiVersion: v1\nkind: List\nitems: []\n'),
    text('a manifests path to the parent', `${VALID}  manifests: ../other\n`),
    text('a manifests path through the parent', `${VALID}  manifests: a/../../other\n`),
    text('an absolute manifests path', `${VALID}  manifests: /etc\n`),
    text('a health path with a line break', `${VALID}  health: "/a\\nb"\n`),
    text('a health path with a query', `${VALID}  health: /a?b=c\n`),
    text('a health path that is an address', `${VALID}  health: http://evil.example/\n`),
    text('an image with a space', `${HEAD}  image: "ghcr.io/acme/shop --privileged"\n`),
    text('a variable name for a shell', `${VALID}  env: { "A;rm -rf /": x }\n`),
    text('a variable name with a line break', `${VALID}  env: { "A\\nB": x }\n`),
    text('a secret with a template', `${VALID}  secrets: { A: "{{ .password }}" }\n`),
    text('a secret outside of the store', `${VALID}  secrets: { A: /other/repo/key }\n`),
    text('a privileged port', `${VALID}  port: 22\n`),
    text('a port beyond the last', `${VALID}  port: 65536\n`),
    text('a negative port', `${VALID}  port: -1\n`),
    text('half a port', `${VALID}  port: 8080.5\n`),
    text('an endless life', `${VALID}  ttl: 0h\n`),
    text('a negative life', `${VALID}  ttl: -1h\n`),
    text('a life in words', `${VALID}  ttl: forever\n`),
    text('text instead of settings', 'just text\n'),
    text('a list instead of settings', `- ${VALID.replaceAll('\n', '\n  ')}\n`),
    text('nothing but a comment', '# apiVersion: greenroom.dev/v1alpha1\n'),
    text('null', 'null\n'),
  ];
}
