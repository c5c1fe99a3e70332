import { credentialForms, isHarmlessValue, namesCredential } from '../policies/credentials.ts';
import { withoutRemark } from './env-file.ts';

/** A credential in a text. Offsets are in UTF-16 units. */
export interface FoundCredential {
  /** Its kind, as in messages and allow-lists. */
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Forms that only the context in a manifest tells from harmless text. Secretlint's rules cover them in their own way.
 */
const VAGUE = new Set([
  'asic ',
  'earer ',
  '://',
  '"auth"',
  'machine ',
  'requirepass ',
  'uthorization: ',
  'PRIVATE KEY',
]);
const FORMS = credentialForms()
  .filter(([begins]) => !VAGUE.has(begins))
  .map(([begins, source]) => ({ begins, source }));

/** Forms of whole files that neither the patterns for manifests nor secretlint's rules find. */
const FILE_FORMS: readonly { readonly begins: string; readonly source: string; readonly kind: string }[] = [
  // In one line with escaped line ends too, as in JSON.
  {
    begins: 'PRIVATE KEY',
    source: String.raw`-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:\\n|\s){1,4}[A-Za-z0-9+/=\\\s:,.-]{64,}`,
    kind: 'private-key',
  },
  // Storage, Service Bus and Event Hubs of Azure.
  { begins: 'AccountKey=', source: String.raw`\bAccountKey=[A-Za-z0-9+/]{86}==`, kind: 'azure' },
  { begins: 'SharedAccessKey=', source: String.raw`\bSharedAccessKey=[A-Za-z0-9+/]{43}=`, kind: 'azure' },
  // A Docker client's logins: user and password in base64.
  { begins: '"auths"', source: String.raw`"auth"\s{0,4}:\s{0,4}"[A-Za-z0-9+/]{8,}={0,2}"`, kind: 'docker-login' },
  {
    begins: 'machine ',
    source: String.raw`\bmachine \S{1,200}\s{1,8}login \S{1,200}\s{1,8}password \S{6,}`,
    kind: 'netrc',
  },
  {
    begins: 'client-key-data',
    source: String.raw`\bclient-key-data["']?:\s{0,4}["']?[A-Za-z0-9+/]{100,}={0,2}`,
    kind: 'kubeconfig',
  },
  { begins: 'hf_', source: String.raw`\bhf_[A-Za-z0-9]{34,}\b`, kind: 'token' },
  { begins: ':AA', source: String.raw`\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])`, kind: 'telegram' },
];

/** Credentials in well-known formats: by the same patterns as in manifests, and by those of whole files. */
export function knownForms(text: string): FoundCredential[] {
  const forms = [...FORMS.map((form) => ({ ...form, kind: 'token' })), ...FILE_FORMS];
  return forms
    .filter(({ begins }) => text.includes(begins))
    .flatMap(({ source, kind }) =>
      [...text.matchAll(new RegExp(source, 'g'))].map(({ 0: match, index }) => ({
        kind,
        start: index,
        end: index + match.length,
      })),
    );
}

/** Settings files, where a name tells what its value is. In code, the same words name variables and types. */
const SETTINGS = /(^|\/)(\.env(\.[^/]+)?|[^/]+\.(env|properties|ini|conf|ya?ml|toml)|Dockerfile[^/]*)$/i;
const SAMPLE = /\.(example|sample|template|dist)$|^(.*\/)?(preview|greenroom)\.yaml$/i;
const ASSIGNMENT =
  /^[ \t-]*(?:export[ \t]+|ENV[ \t]+|ARG[ \t]+)?["']?([A-Z][A-Z0-9_]{2,80})["']?[ \t]*[=:][ \t]*(\S.*)$/gm;
const PLACEHOLDER =
  /^(change[-_ ]?me.*|your[-_ ].*|<.*>|x{3,}|\.{3}|\*+|\$.*|\{\{.*|!.*|\[.*|\{.*|[|>][-+]?|ENC\[.*|test|dummy|example|placeholder|secret|password)$/i;

/** Values of variables that are named like credentials, in settings files: `DB_PASSWORD=...`. */
export function namedValues(text: string, path: string): FoundCredential[] {
  if (!SETTINGS.test(path) || SAMPLE.test(path)) return [];
  return [...text.matchAll(ASSIGNMENT)].flatMap(({ 0: line, 1: name = '', 2: rest = '', index }) => {
    const written = rest.trimEnd();
    const value = withoutRemark(written.replace(/^(["'])(.*)\1.*$/, '$2'));
    if (!namesCredential(name) || isHarmlessValue(name, value) || PLACEHOLDER.test(value)) return [];
    const start = index + line.lastIndexOf(written);
    return [{ kind: 'named-value', start, end: start + written.length }];
  });
}
