import { credentialForms, isHarmlessValue, namesCredential } from '../policies/credentials.ts';
import { withoutRemark } from './env-file.ts';

/** A credential in a text; offsets count UTF-16 units. */
export interface Found {
  /** What it is, as people and allow-lists name it. */
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

/** Those that only the rest of a manifest tells from harmless text; the kept rules look at such in their own way. */
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

/** Credentials of well-known forms, by the patterns that manifests are held to. */
export function knownForms(text: string): Found[] {
  return FORMS.filter(({ begins }) => text.includes(begins)).flatMap(({ source }) =>
    [...text.matchAll(new RegExp(source, 'g'))].map(({ 0: match, index }) => ({
      kind: 'token',
      start: index,
      end: index + match.length,
    })),
  );
}

/** Files of settings, in which a name says what its value is. In code the same words name variables and types. */
const SETTINGS = /(^|\/)(\.env(\.[^/]+)?|[^/]+\.(env|properties|ini|conf|ya?ml|toml)|Dockerfile[^/]*)$/i;
const SAMPLE = /\.(example|sample|template|dist)$|^(.*\/)?(preview|greenroom)\.yaml$/i;
const ASSIGNMENT =
  /^[ \t-]*(?:export[ \t]+|ENV[ \t]+|ARG[ \t]+)?["']?([A-Z][A-Z0-9_]{2,80})["']?[ \t]*[=:][ \t]*(\S.*)$/gm;
const PLACEHOLDER =
  /^(change[-_ ]?me.*|your[-_ ].*|<.*>|x{3,}|\.{3}|\*+|\$.*|\{\{.*|!.*|\[.*|\{.*|[|>][-+]?|ENC\[.*|test|dummy|example|placeholder|secret|password)$/i;

/** Values of variables whose names stand for credentials, in files of settings: `DB_PASSWORD=...`. */
export function namedValues(text: string, path: string): Found[] {
  if (!SETTINGS.test(path) || SAMPLE.test(path)) return [];
  return [...text.matchAll(ASSIGNMENT)].flatMap(({ 0: line, 1: name = '', 2: rest = '', index }) => {
    const written = rest.trimEnd();
    const value = withoutRemark(written.replace(/^(["'])(.*)\1.*$/, '$2'));
    if (!namesCredential(name) || isHarmlessValue(name, value) || PLACEHOLDER.test(value)) return [];
    const start = index + line.lastIndexOf(written);
    return [{ kind: 'named-value', start, end: start + written.length }];
  });
}
