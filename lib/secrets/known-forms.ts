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

/** Credentials in well-known formats, by the same patterns as in manifests. */
export function knownForms(text: string): FoundCredential[] {
  return FORMS.filter(({ begins }) => text.includes(begins)).flatMap(({ source }) =>
    [...text.matchAll(new RegExp(source, 'g'))].map(({ 0: match, index }) => ({
      kind: 'token',
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
