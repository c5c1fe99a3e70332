import { looksLikeCredential } from './credential.ts';
import type { FieldPath } from './positions.ts';

const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_-]{0,99}$/;
const SHOWN = 60;

/** `spec.sources[0].owner`. Keys that are not plain words are quoted: `metadata.labels["app.kubernetes.io/name"]`. */
export function fieldName(path: FieldPath): string {
  return path
    .map((segment, i) => {
      if (typeof segment === 'number') return `[${segment}]`;
      if (!PLAIN_KEY.test(segment) || looksLikeCredential(segment)) return `[${showText(segment)}]`;
      return i === 0 ? segment : `.${segment}`;
    })
    .join('');
}

/**
 * Quoted text for a message: on one line, without invisible characters, cut if long, hidden if it could be a secret.
 */
export function showText(text: string): string {
  if (looksLikeCredential(text)) return `(${text.length} characters, not shown)`;
  const cut = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return JSON.stringify(cut).replace(
    /[^ -~\p{L}\p{N}\p{P}\p{S}]/gu,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
